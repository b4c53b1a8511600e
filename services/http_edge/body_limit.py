"""How large a request may be, and how long it may take to come (请求体上限、时限)."""

import asyncio
import time
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge.problems import Problem

DEFAULT_LIMIT_BYTES = 8 * 1024 * 1024
FIRST_SECONDS = 10.0
BYTES_A_SECOND = 64 * 1024

# What is left of the body is not waited for: the connection is of no use any more.
_CLOSES = {"Connection": "close"}


class BodyLimit:
    """Refuses bodies above a limit with 413 `body-too-large`, and those that come too slowly with
    408 `body-too-slow`, before the application sees them.

    The body is read here and handed on whole: a length that is not declared (chunked) is counted
    as it arrives. `limit_bytes_by_path` names paths with a limit of their own. A request that is
    read holds its place among those in flight, so it has ten seconds, and one more for each 64 KiB
    that have come: whoever would hold a place for long has to send for it.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        limit_bytes_by_path: Mapping[str, int] | None = None,
        *,
        first_seconds: float = FIRST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._limit_bytes_by_path = dict(limit_bytes_by_path or {})
        self._first_seconds = first_seconds
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body, then call the application or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Mounted under a prefix, an application still names its own paths.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        limit_bytes = self._limit_bytes_by_path.get(path, self._limit_bytes)
        if _declared_bytes(scope) > limit_bytes:
            await _too_large(limit_bytes).response(_CLOSES)(scope, receive, send)
            return
        try:
            body = await self._whole(receive, limit_bytes)
        except TimeoutError:
            await _TOO_SLOW.response(_CLOSES)(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > limit_bytes:
            await _too_large(limit_bytes).response(_CLOSES)(scope, receive, send)
            return
        await self._app(scope, replaying(body, receive), send)

    async def _whole(self, receive: Receive, limit_bytes: int) -> bytes | None:
        """The body, or as much of it as is too much; None where the caller went away.

        Raises TimeoutError.
        """
        until = self._clock() + self._first_seconds
        message = await self._next(receive, until)
        if not message.get("more_body", False):
            # The usual case: it was all there, and nothing is copied.
            return None if message["type"] == "http.disconnect" else message.get("body", b"")
        body = bytearray(message.get("body", b""))
        while message.get("more_body", False) and len(body) <= limit_bytes:
            message = await self._next(receive, until + len(body) / BYTES_A_SECOND)
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
        return bytes(body)

    async def _next(self, receive: Receive, until: float) -> Message:
        left_seconds = until - self._clock()
        # Also where something comes each time it is asked for: then there is no wait to end.
        if left_seconds <= 0:
            raise TimeoutError
        async with asyncio.timeout(left_seconds):
            return await receive()


def _declared_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def replaying(body: bytes, receive: Receive) -> Receive:
    """Receive with a body that was read already."""
    handed_on = False

    async def replay() -> Message:
        nonlocal handed_on
        if handed_on:
            return await receive()
        handed_on = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


_TOO_SLOW = Problem(
    "body-too-slow",
    408,
    "请求体到得太慢 (body too slow)",
    "没有受理；请检查网络后以同一请求键重发，或分成几次发送",
)


def _too_large(limit_bytes: int) -> Problem:
    return Problem(
        "body-too-large",
        413,
        "请求体过大 (body too large)",
        f"至多 {limit_bytes} 字节",
        {"limit_bytes": limit_bytes},
    )
