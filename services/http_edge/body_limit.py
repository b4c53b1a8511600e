"""How large a request may be (请求体上限)."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge.problems import Problem

DEFAULT_LIMIT_BYTES = 8 * 1024 * 1024


class BodyLimit:
    """Refuses bodies above a limit with 413 `body-too-large` before the application sees them.

    The body is read here and handed on whole: a length that is not declared (chunked) is counted
    as it arrives. `limit_bytes_by_path` names paths with a limit of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        limit_bytes_by_path: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._limit_bytes_by_path = dict(limit_bytes_by_path or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body, then call the application or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Mounted under a prefix, an application still names its own paths.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        limit_bytes = self._limit_bytes_by_path.get(path, self._limit_bytes)
        if _declared_bytes(scope) > limit_bytes:
            await _refusal(limit_bytes).response()(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit_bytes:
                await _refusal(limit_bytes).response()(scope, receive, send)
                return
        await self._app(scope, _replaying(bytes(body), receive), send)


def _declared_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _replaying(body: bytes, receive: Receive) -> Receive:
    handed_on = False

    async def replay() -> Message:
        nonlocal handed_on
        if handed_on:
            return await receive()
        handed_on = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _refusal(limit_bytes: int) -> Problem:
    return Problem(
        "body-too-large",
        413,
        "请求体过大 (body too large)",
        f"至多 {limit_bytes} 字节",
        {"limit_bytes": limit_bytes},
    )
