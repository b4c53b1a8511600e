"""The guard before every route (门卫): who calls, and whether they may; before a body is read."""

import re
from collections.abc import Mapping

from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from http_edge.acting import (
    INSTITUTION_HEADER,
    INSTITUTION_PATTERN,
    OPERATOR_HEADER,
    OPERATOR_PATTERN,
    acting_of,
)
from http_edge.backpressure import CallerRate
from http_edge.identity.caller import Caller
from http_edge.identity.checking import TokenChecker, TokenRefused
from http_edge.identity.institutions import InstitutionRefused, Institutions
from http_edge.identity.key_sets import KeysUnreachable
from http_edge.identity.roles import EVERY_INSTITUTION, Role, Roles, in_words
from http_edge.identity.route_table import ANYBODY, RouteTable, Row, is_open, open_methods
from http_edge.problems import (
    LOG_PROBLEMS,
    Problem,
    invalid_request,
    problem_of,
    unexpected_problem,
)

_CHALLENGE = 'Bearer realm="yizhan"'
_AUTHORIZATION = b"authorization"
_INSTITUTION = INSTITUTION_HEADER.lower().encode()
_OPERATOR = OPERATOR_HEADER.lower().encode()
_READ = frozenset({_AUTHORIZATION, _INSTITUTION, _OPERATOR})


class _Refused(Exception):
    """A request that goes no further, with its answer."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


class Guard:
    """Lets a request through to its route, or refuses it with 401, 403 or 429 and a reason.

    The two headers that say who acts must agree with the token. Requests are counted here, where
    it is known whose they are.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        checker: TokenChecker,
        table: RouteTable,
        institutions: Institutions,
        rate: CallerRate,
    ) -> None:
        self._app = app
        self._checker = checker
        self._table = table
        self._institutions = institutions
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then call the application or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            caller = await self._admitted(scope)
        except _Refused as refused:
            await refused.response(scope, receive, send)
            return
        except Exception as error:  # the directory cannot be read: nobody is let in for that
            problem = problem_of(error, LOG_PROBLEMS) or unexpected_problem(error)
            await problem.response()(scope, receive, send)
            return
        scope["state"] = {**scope.get("state", {}), "caller": caller}
        await self._app(scope, receive, send)

    async def _admitted(self, scope: Scope) -> Caller | None:
        """Who calls, None where anybody may. Raises _Refused, and what the directory raises."""
        try:
            row = self._row_of(scope["method"], _path_of(scope))
            headers = {} if row.roles is None else _headers(scope)
            caller = None if row.roles is None else await self._caller(scope, headers)
        except _Refused:
            self._count(self._rate.of_stranger(scope))
            raise
        if caller is None or row.roles is None:
            self._count(self._rate.of_stranger(scope))
            return None
        self._count(self._rate.of_caller(_counted_as(caller, headers)))
        granted = caller.roles & row.roles
        if not granted:
            raise _role_not_allowed(row.roles, caller.roles)
        await self._require_agreement(caller, granted, row, headers)
        return caller

    def _count(self, refusal: Response | None) -> None:
        if refusal is not None:
            raise _Refused(refusal)

    def _row_of(self, method: str, path: str) -> Row:
        row = self._table.find(method, path)
        if row is not None:
            return row
        others = open_methods(path) if is_open(path) else self._table.methods_of(path)
        if method in others:
            return Row(method, path, ANYBODY)
        if others:
            problem = Problem("method-not-allowed", 405, "不支持这种方法 (method not allowed)")
            raise _refused(problem, {"Allow": ", ".join(others)})
        raise _refused(Problem("not-found", 404, "没有这个地址 (not found)"))

    async def _caller(self, scope: Scope, headers: Mapping[bytes, str]) -> Caller:
        authorization = headers.get(_AUTHORIZATION, "")
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise _unauthorised(
                "token-missing",
                "需要令牌 (bearer token required)",
                "请求头须有 Authorization: Bearer 令牌；人员用 yizhan token 取得，"
                "医院系统用 POST /oauth2/token 取得",
            )
        remembered = self._checker.remembered(token)
        if remembered is not None:
            return remembered
        # A signature costs more than a refusal: whoever sent too many bad ones waits.
        self._count(self._rate.of_stranger(scope, takes=False))
        try:
            return await run_in_threadpool(self._checker.check, token)
        except TokenRefused as refused:
            raise _unauthorised(
                refused.slug, refused.title_zh, str(refused), error="invalid_token"
            ) from None
        except KeysUnreachable:
            problem = Problem(
                "identity-provider-unreachable",
                503,
                "暂时无法校验令牌 (identity provider unreachable)",
                "取不到签发方的公钥集；没有受理，请稍后再试",
            )
            raise _refused(problem, {"Retry-After": "30"}) from None

    async def _require_agreement(
        self, caller: Caller, granted: Roles, row: Row, headers: Mapping[bytes, str]
    ) -> None:
        institution, name = _named(headers)
        try:
            of_an_office = await self._institutions.require(caller, granted, row, institution)
        except InstitutionRefused as refused:
            raise _refused(refused.problem) from None
        # A service of ours says in whose behalf it reads.
        is_bound = of_an_office and Role.SERVICE not in granted
        if name is not None and not caller.may_be(name, of_an_office=is_bound):
            raise _refused(
                Problem(
                    "operator-not-you",
                    403,
                    "经办人须是令牌的持有人 (operator is not the bearer)",
                    f"{OPERATOR_HEADER} 须与令牌的持有人一致；经办机构的系统写客户端标识",
                )
            )


def _refused(problem: Problem, headers: dict[str, str] | None = None) -> _Refused:
    return _Refused(problem.response(headers))


def _counted_as(caller: Caller, headers: Mapping[bytes, str]) -> str:
    """Whose allowance a request uses: that of an institution which the token itself names, else
    the bearer's. A service of ours asks in behalf of whom it says."""
    named = headers.get(_INSTITUTION)
    if named is not None and (named in caller.institutions or Role.SERVICE in caller.roles):
        return f"institution {named}"
    own = caller.institutions - {EVERY_INSTITUTION}
    return f"institution {min(own)}" if own else f"bearer {caller.subject}"


def _path_of(scope: Scope) -> str:
    """The path as the router sees it, without the prefix an application is mounted under."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    if root and path.startswith(root + "/"):
        return path.removeprefix(root)
    return path


def _headers(scope: Scope) -> dict[bytes, str]:
    """Those that the guard reads; of two with one name, one would be checked and the other might
    be read by the route."""
    sent = [(name, value) for name, value in scope["headers"] if name in _READ]
    found = {name: value.decode("latin-1") for name, value in sent}
    if len(found) < len(sent):
        raise _refused(
            Problem(
                "invalid-header",
                400,
                "请求头不正确 (invalid header)",
                f"Authorization、{INSTITUTION_HEADER}、{OPERATOR_HEADER} 各只能有一个",
            )
        )
    return found


def _named(headers: Mapping[bytes, str]) -> tuple[str | None, str | None]:
    """Institution and operator as the headers name them, as the routes will read them."""
    institution, operator = headers.get(_INSTITUTION), headers.get(_OPERATOR)
    errors = [
        {"type": "string_pattern_mismatch", "loc": ("header", name)}
        for name, value, pattern in (
            (INSTITUTION_HEADER, institution, INSTITUTION_PATTERN),
            (OPERATOR_HEADER, operator, OPERATOR_PATTERN),
        )
        if value is not None and not re.fullmatch(pattern, value)
    ]
    if errors:
        raise _refused(invalid_request(errors))
    try:
        name = None if operator is None else acting_of(institution or "", operator).operator
    except RequestValidationError as wrong:
        raise _refused(invalid_request(wrong.errors())) from None
    return institution, name


def _role_not_allowed(allowed: Roles, held: Roles) -> _Refused:
    problem = Problem(
        "role-not-allowed",
        403,
        "角色不允许这项操作 (role not allowed)",
        f"需要以下角色之一：{in_words(allowed)}；令牌的角色：{in_words(held) or '无'}",
        {"roles_allowed": [role.value for role in Role if role in allowed]},
    )
    challenge = f'{_CHALLENGE}, error="insufficient_scope"'
    return _refused(problem, {"WWW-Authenticate": challenge})


def _unauthorised(slug: str, title_zh: str, detail: str, *, error: str | None = None) -> _Refused:
    # A header is ASCII: the slug tells the reason there, the body in words.
    more = f', error="{error}", error_description="{slug}"' if error else ""
    problem = Problem(slug, 401, title_zh, detail)
    return _refused(problem, {"WWW-Authenticate": _CHALLENGE + more})
