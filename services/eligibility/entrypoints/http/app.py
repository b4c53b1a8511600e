"""The HTTP application of eligibility (资格服务 HTTP 接口)."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from eligibility.adapters.vault_tables import WrongMasterKey
from eligibility.bootstrap import Eligibility, build
from eligibility.entrypoints.clock import utc_now
from eligibility.entrypoints.http.certificates import certificates_router
from eligibility.entrypoints.http.changes import changes_router
from eligibility.entrypoints.http.comparisons import COMPARISON_LIMIT_BYTES, comparisons_router
from eligibility.entrypoints.http.lists import lists_router
from eligibility.entrypoints.http.members import members_router
from eligibility.entrypoints.http.merges import merges_router
from eligibility.entrypoints.http.operating import eligibility_operations
from eligibility.entrypoints.http.owners import owners_router
from eligibility.entrypoints.http.persons import persons_router
from eligibility.entrypoints.http.problems import PROBLEMS
from eligibility.entrypoints.http.requests import requests_router
from eligibility.entrypoints.http.rosters import ROSTER_LIMIT_BYTES, rosters_router
from eligibility.entrypoints.http.statements import statements_router
from eligibility.entrypoints.http.who_may import WHO_MAY
from eligibility.settings import Settings
from http_edge.body_limit import BodyLimit
from http_edge.identity.gate import install_guard
from http_edge.operating import install_operations
from http_edge.problems import ProblemKind, ProblemTable, install_problems
from http_edge.readable_address import ReadableAddress
from http_edge.request_outcome import RequestUnknown

DESCRIPTION = """\
某人某日是什么身份、在哪里参保，以及我们当时知道什么。

姓名与证件号码只在请求体中出现，加密保存，从不出现在地址、日志与错误中。
(Who was this person on that day, and what did we know when.)
"""

_EDGE_PROBLEMS: ProblemTable = {
    RequestUnknown: ProblemKind("request-unknown", 404, "没有这个请求的记录 (request unknown)"),
}

# Of the vault itself: nobody's request is wrong, and the service has to be started anew.
_STORAGE_PROBLEMS: ProblemTable = {
    WrongMasterKey: ProblemKind("master-key-replaced", 503, "主密钥已更换，服务须重新启动"),
}


_BODY_LIMITS = {
    "/v1/rosters": ROSTER_LIMIT_BYTES,
    "/v1/lists": ROSTER_LIMIT_BYTES,
    "/v1/lists/rejects": ROSTER_LIMIT_BYTES,
    "/v1/comparisons": COMPARISON_LIMIT_BYTES,
}


def create_app(eligibility: Eligibility, *, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application over use cases that are put together already."""
    app = FastAPIOffline(
        redoc_url=None,
        title="一站 · 资格服务 (Yizhan eligibility)",
        version="1",
        description=DESCRIPTION,
    )
    install_problems(app, {**PROBLEMS, **_EDGE_PROBLEMS, **_STORAGE_PROBLEMS})
    app.add_middleware(BodyLimit, limit_bytes_by_path=_BODY_LIMITS)
    app.add_middleware(ReadableAddress)
    app.include_router(persons_router(eligibility, clock))
    app.include_router(statements_router(eligibility, clock))
    app.include_router(certificates_router(eligibility, clock))
    app.include_router(merges_router(eligibility, clock))
    app.include_router(owners_router(eligibility, clock))
    app.include_router(changes_router(eligibility))
    app.include_router(members_router(eligibility, clock))
    app.include_router(requests_router(eligibility))
    app.include_router(rosters_router(eligibility, clock))
    app.include_router(lists_router(eligibility, clock))
    app.include_router(comparisons_router(eligibility, clock))
    install_guard(app, eligibility.gate, WHO_MAY, rate=eligibility.operating.caller_rate())
    install_operations(app, eligibility_operations(eligibility))
    return app


def build_app(settings: Settings) -> FastAPI:
    """The application on a data folder. Raises what `bootstrap.build` raises."""
    return create_app(build(settings))
