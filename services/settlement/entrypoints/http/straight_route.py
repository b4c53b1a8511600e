"""Writes that go straight to their endpoint (直达路由), where nothing is wrong with them.

Between reading a request and calling its endpoint the framework resolves what the endpoint
depends on, anew for each request; of a whole stay in one call that is a third of all its cost.
What a write carries is known: a message, and who acts under which key. Here both are read at once
and by the same rules. A request that is not as declared goes the framework's way, and is refused
in the framework's words.
"""

import json
import re
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Protocol

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from eventlog.turns import Turns
from http_edge.acting import (
    INSTITUTION_HEADER,
    INSTITUTION_PATTERN,
    KEY_HEADER,
    KEY_PATTERN,
    OPERATOR_HEADER,
    OPERATOR_PATTERN,
    acting_of,
)
from http_edge.body_limit import replaying
from settlement.entrypoints.http.once import Arrival, Arrived, asked_hash

_LARGEST_BYTES = 64 * 1024
_JSON = "application/json"
_HEADERS = {
    name.lower().encode(): (name, re.compile(pattern))
    for name, pattern in (
        ("Content-Type", re.escape(_JSON)),
        (INSTITUTION_HEADER, INSTITUTION_PATTERN),
        (OPERATOR_HEADER, OPERATOR_PATTERN),
        (KEY_HEADER, KEY_PATTERN),
    )
}


class NotPlain(Exception):
    """A request that is not as declared, or not in the usual form (非常规请求)."""


class Endpoint(Protocol):
    """What a write's route calls: with a message and what every write carries."""

    def __call__(self, asked: Any, arrived: Arrival) -> Response:
        """The answer. Raises domain errors."""


def straight_route(turns: Turns | None) -> type[APIRoute]:
    """The class of routes whose requests are worked on in turns, or in threads without them.

    Their endpoints take `asked`, a message, and `arrived`.
    """

    class StraightRoute(APIRoute):
        """A route that reads plain requests itself."""

        def __init__(self, path: str, endpoint: Endpoint, **how: Any) -> None:
            super().__init__(path, endpoint, **how)
            self._endpoint = endpoint
            self._message = _message_of(endpoint)

        async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Call the endpoint, or hand on."""
            if scope["method"] not in (self.methods or ()):
                await super().handle(scope, receive, send)
                return
            body = await Request(scope, receive).body()
            try:
                _require_short(body)
                asked, arrived = _read(self._message, scope, body)
            except NotPlain:
                await super().handle(scope, replaying(body, receive), send)
                return
            response = await _worked(turns, lambda: self._endpoint(asked, arrived))
            await response(scope, receive, send)

    return StraightRoute


def _message_of(endpoint: Endpoint) -> type[BaseModel]:
    """The message that an endpoint takes. Raises TypeError for one that takes anything else."""
    taken = {name: each.annotation for name, each in signature(endpoint).parameters.items()}
    if taken.keys() != {"asked", "arrived"} or taken["arrived"] is not Arrived:
        raise TypeError(sorted(taken))
    message: type[BaseModel] = taken["asked"]
    return message


def _require_short(body: bytes) -> None:
    """A bill of thousands of lines computes for long, and would do so while others wait: it gets a
    thread. Raises NotPlain."""
    if len(body) > _LARGEST_BYTES:
        raise NotPlain


def _read(message: type[BaseModel], scope: Scope, body: bytes) -> tuple[BaseModel, Arrival]:
    """What a request carries. Raises NotPlain."""
    headers = _headers(scope)
    try:
        content = json.loads(body)
        asked = message.__pydantic_validator__.validate_python(content, from_attributes=True)
        acting = acting_of(headers[INSTITUTION_HEADER], headers[OPERATOR_HEADER])
        hashed = asked_hash(scope["path"], content)
    except (ValidationError, ValueError, RecursionError, RequestValidationError):
        raise NotPlain from None
    return asked, Arrival(acting, headers[KEY_HEADER], hashed)


def _headers(scope: Scope) -> Mapping[str, str]:
    """Those that a write carries, each once. Raises NotPlain."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        wanted = _HEADERS.get(name)
        if wanted is None:
            continue
        called, pattern = wanted
        text = value.decode("latin-1")
        if called in found or not pattern.fullmatch(text):
            raise NotPlain
        found[called] = text
    if len(found) < len(_HEADERS):
        raise NotPlain
    return found


async def _worked(turns: Turns | None, work: Callable[[], Response]) -> Response:
    return await run_in_threadpool(work) if turns is None else await turns.run(work)
