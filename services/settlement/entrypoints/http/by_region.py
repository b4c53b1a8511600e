"""Which shard a request belongs to (按参保地分派), told by the region of the insured.

As the national interface does with `insuplc_admdvs`: every request that touches a ledger says it.
A paper is checked by the region that its number begins with, since whoever holds it is nobody's.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.vocabulary import RegionCode
from http_edge.backpressure import OVERLOADED_RETRY_SECONDS
from http_edge.identity.route_table import is_open
from http_edge.metrics import HttpMetrics
from http_edge.problems import Problem, invalid_request
from http_edge.request_watch import RequestWatch
from http_edge.tracing import Tracing
from settlement.entrypoints.http.operating import SERVICE
from settlement.entrypoints.http.shard_doors import ShardDoor, make_room
from settlement.law.regions import owner_of

REGION_HEADER: Final = "Yizhan-Region"
REGION_PATTERN: Final = r"[1-9][0-9]{5}"
CHECK_PATH: Final = "/v1/settlements/check"
_HEADER = REGION_HEADER.lower().encode()
_NUMBER = re.compile(rf"({REGION_PATTERN})-\d{{4}}-\d+")
_NOWHERE: Final = "none"
"""What metrics call the shard of a request that was handed to none."""


class _Refused(Exception):
    def __init__(self, problem: Problem, retry_seconds: int = 0) -> None:
        self.problem = problem
        self.headers = {"Retry-After": str(retry_seconds)} if retry_seconds else None
        super().__init__(problem.type_slug)


class ByRegion:
    """Hands each request to its shard, or says why not."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        doors: Sequence[ShardDoor],
        owners: Mapping[RegionCode, str],
        most_in_flight: int,
        metrics: HttpMetrics,
        tracing: Tracing | None,
    ) -> None:
        """`app` gets what is no request; `owners` are the shards of all processes."""
        self._app = app
        self._doors = {door.name: door for door in doors}
        self._owners = owners
        self._most = most_in_flight
        self._metrics, self._tracing = metrics, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand it on, or answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        make_room(len(self._doors))
        try:
            door = self._door_of(scope)
        except _Refused as refused:
            answer = refused.problem.response(refused.headers)
            watch = RequestWatch(
                answer, service=SERVICE, metrics=self._metrics, tracing=self._tracing
            )
            await watch(scope, receive, send)
            return
        await door(scope, receive, send)

    def _door_of(self, scope: Scope) -> ShardDoor:
        path = str(scope["path"])
        if is_open(path):
            return self._any()
        if path == CHECK_PATH:
            return self._checking(scope)
        region = _region_of(scope)
        owner = owner_of(region, self._owners)
        if owner is None:
            raise _Refused(
                Problem(
                    "region-unserved",
                    HTTPStatus.NOT_FOUND,
                    "没有管理该地区的分片 (no shard has this region)",
                    f"参保地 {region} 不属于任何分片；请核对 {REGION_HEADER}",
                )
            )
        return self._open(owner)

    def _open(self, owner: str) -> ShardDoor:
        door = self._doors.get(owner)
        if door is None:
            raise _Refused(
                Problem(
                    "shard-elsewhere",
                    HTTPStatus.MISDIRECTED_REQUEST,
                    "本进程不办理这个分片 (shard served elsewhere)",
                    f"分片 {owner} 由其他进程办理；请核对入口的转发规则",
                )
            )
        refusal = door.refusal()
        if refusal is not None:
            raise _Refused(*refusal)
        if door.is_full(self._most):
            raise _Refused(
                Problem(
                    "overloaded",
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "系统繁忙 (overloaded)",
                    "该分片的在办请求已满，本次请求没有受理；请按 Retry-After 稍后以同一请求键重发",
                ),
                OVERLOADED_RETRY_SECONDS,
            )
        return door

    def _any(self) -> ShardDoor:
        """What is the same behind every door: documentation, tokens."""
        closed: _Refused | None = None
        for name in self._doors:
            try:
                return self._open(name)
            except _Refused as refused:
                closed = closed or refused
        raise closed or RuntimeError

    def _checking(self, scope: Scope) -> ShardDoor:
        """By the number on the paper; any ledger says of a number of nobody's that it differs."""
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("number", [""])[0]
        found = _NUMBER.fullmatch(asked)
        owner = owner_of(RegionCode(found[1]), self._owners) if found else None
        return self._open(owner) if owner else self._any()


def _region_of(scope: Scope) -> RegionCode:
    said = [value for name, value in scope["headers"] if name == _HEADER]
    if not said:
        raise _Refused(invalid_request([{"type": "missing", "loc": ("header", REGION_HEADER)}]))
    if len(said) > 1 or not re.fullmatch(REGION_PATTERN.encode(), said[0]):
        loc = ("header", REGION_HEADER)
        raise _Refused(invalid_request([{"type": "string_pattern_mismatch", "loc": loc}]))
    return RegionCode(said[0].decode())


def declare_region(app: FastAPI) -> None:
    """Say in an application's description that the header is needed."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        schema = described()
        parameter = {
            "name": REGION_HEADER,
            "in": "header",
            "required": True,
            "description": "参保地行政区划代码，六位；决定由哪个分片办理 (region of the insured)",
            "schema": {"type": "string", "pattern": f"^{REGION_PATTERN}$"},
        }
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                listed = operation.setdefault("parameters", [])
                is_told = any(each.get("name") == REGION_HEADER for each in listed)
                if path != CHECK_PATH and not is_open(path) and not is_told:
                    listed.append(parameter)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's own way to extend it
