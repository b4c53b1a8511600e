"""Problem details (RFC 9457, 问题详情): one stable type for each cause, no content in any of them.

An error body never repeats what was sent: a value, an unknown field's odd name or an exception's
message may be a certificate number or a person's name.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eventlog.engines import passes_by_itself
from eventlog.log import LogBusy, OutcomeUnknown, TextNotStorable, VersionConflict
from eventlog.requests import Answer
from http_edge.error_places import error_places
from http_edge.field_errors import message_zh

PROBLEM_JSON = "application/problem+json"
SERVER_ERROR = 500
UNAVAILABLE = 503
_TRY_AGAIN = {"Retry-After": "1"}

_log = logging.getLogger("yizhan.http")
_ORDINARY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class ProblemKind:
    """A cause with its stable slug, HTTP status and Chinese title (问题种类)."""

    slug: str
    status: int
    title: str


@dataclass(frozen=True)
class Problem:
    """One problem as answered (问题详情); `extensions` become further members of the body."""

    type_slug: str
    status: int
    title_zh: str
    detail: str = ""
    extensions: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON bytes, in UTF-8 and always in the same order."""
        members: dict[str, Any] = {
            "type": f"urn:yizhan:problem:{self.type_slug}",
            "title": self.title_zh,
            "status": self.status,
        }
        if self.detail:
            members["detail"] = self.detail
        return json.dumps({**members, **self.extensions}, ensure_ascii=False).encode()

    def answer(self) -> Answer:
        """The same as an answer for the register of requests."""
        return Answer(status=self.status, body=self.body())

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The same as an HTTP response."""
        return Response(self.body(), self.status, headers, media_type=PROBLEM_JSON)


ProblemTable = Mapping[type[Exception], ProblemKind]

# The caller may send the same request again (without that character, where it is told of one):
# nothing was stored, or its first answer is there.
LOG_PROBLEMS: ProblemTable = {
    LogBusy: ProblemKind("busy-try-again", 503, "系统繁忙，请稍后重试"),
    OutcomeUnknown: ProblemKind("outcome-unknown", 503, "结果未知，请原样重发或查询该请求的结果"),
    VersionConflict: ProblemKind("changed-meanwhile", 409, "数据刚被他人更新，请重试"),
    TextNotStorable: ProblemKind("text-not-storable", 422, "文字中有不能保存的字符 (NUL)"),
}


def problem_of(error: Exception, table: ProblemTable) -> Problem | None:
    """The problem a domain error is answered with, or None if the table has no row for it.

    A row for a class covers its subclasses. The detail is the error's own message: domain errors
    name no person.
    """
    for error_class in type(error).__mro__:
        kind = table.get(error_class)
        if kind is not None:
            detail = "" if error_class in LOG_PROBLEMS else str(error)
            return Problem(kind.slug, kind.status, kind.title, detail)
    return None


def refusal_of(error: Exception, table: ProblemTable) -> Answer | None:
    """The answer to record as a refusal; None for what is unknown or may pass by itself."""
    problem = problem_of(error, table)
    if problem is None or problem.status >= SERVER_ERROR or type(error) in LOG_PROBLEMS:
        return None
    return problem.answer()


def install_problems(app: FastAPI, table: ProblemTable) -> None:
    """Answer every error of this application with problem details.

    Covers the table's domain errors, invalid requests, malformed JSON, unknown paths and methods,
    a busy log, and unexpected exceptions (500 `internal-error` with a reference to the log line).
    """
    complete = {**LOG_PROBLEMS, **table}

    def answer_domain_error(_request: Request, error: Exception) -> Response:
        problem = problem_of(error, complete)
        if problem is None:
            raise error
        return problem.response(_TRY_AGAIN if problem.status == UNAVAILABLE else None)

    for error_class in complete:
        app.add_exception_handler(error_class, answer_domain_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_middleware(_UnexpectedErrors)


def _answer_invalid_request(_request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    return invalid_request(errors).response()


def invalid_request(errors: Sequence[Any]) -> Problem:
    """The problem of a request that does not fit its description, from the errors found in it."""
    if any(each["type"] == "json_invalid" for each in errors):
        return Problem("malformed-json", 400, "请求体不是合法的 JSON (malformed JSON)")
    listed = [{"pointer": _pointer(each["loc"]), "message": message_zh(each)} for each in errors]
    extensions = {"errors": listed}
    headers = [each for each in errors if each["loc"][0] == "header"]
    if any(each["type"] == "missing" for each in headers):
        return Problem("missing-header", 400, "缺少必需的请求头 (missing header)", "", extensions)
    if headers:
        return Problem("invalid-header", 400, "请求头不正确 (invalid header)", "", extensions)
    if any(_is_amount(each["loc"]) for each in errors):
        return Problem(
            "amount-not-fen", 422, "金额须为整数分 (amounts are integer fen)", "", extensions
        )
    return Problem("invalid-request", 422, "请求内容不符合要求 (invalid request)", "", extensions)


def _is_amount(location: Sequence[Any]) -> bool:
    return any(isinstance(part, str) and part.endswith("_fen") for part in location)


def _pointer(location: Sequence[Any]) -> str:
    """`#/fees/0/amount_fen` in the body, `query:on` and the like elsewhere."""
    place, *path = location
    parts = [_shown(part) for part in path]
    return "#/" + "/".join(parts) if place == "body" else f"{place}:{'/'.join(parts)}"


def _shown(part: Any) -> str:
    if isinstance(part, int) or _ORDINARY_NAME.fullmatch(str(part).replace("-", "_")):
        return str(part)
    return "?"


_BY_STATUS = {
    400: ProblemKind("malformed-json", 400, "请求体无法读取 (malformed request body)"),
    404: ProblemKind("not-found", 404, "没有这个地址 (not found)"),
    405: ProblemKind("method-not-allowed", 405, "不支持这种方法 (method not allowed)"),
}


def _answer_http_exception(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else SERVER_ERROR
    kind = _BY_STATUS.get(status, ProblemKind(f"http-{status}", status, f"HTTP {status}"))
    headers = error.headers if isinstance(error, HTTPException) else None
    return Problem(kind.slug, kind.status, kind.title).response(headers)


class _UnexpectedErrors:
    """Answers an unexpected exception without its message, and logs where it happened.

    The framework's own handler raises again, and the server then prints the message, which may
    quote the request (pydantic quotes the input of a failed validation).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            busy = problem_of(LogBusy(), LOG_PROBLEMS) if passes_by_itself(error) else None
            problem = busy or unexpected_problem(error)
            if started:
                # Half an answer is out; only closing the connection says that it is broken.
                raise ConnectionAbortedError(problem.extensions.get("reference")) from None
            await problem.response(_TRY_AGAIN if busy else None)(scope, receive, send)


def unexpected_problem(error: Exception) -> Problem:
    """The problem of an error that nobody expected, which is logged without its message."""
    reference = uuid4().hex
    _log.error("internal error %s: %s", reference, error_places(error))
    return Problem("internal-error", SERVER_ERROR, "系统内部错误", "", {"reference": reference})
