"""Which addresses are read at all (请求地址): those without the character NUL.

No database on a server takes it in a text that something is looked up by.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from http_edge.problems import Problem

_REFUSAL = Problem("malformed-address", 400, "请求地址中有不能识别的字符 (malformed address)")


class ReadableAddress:
    """Refuses an address that holds NUL with 400 `malformed-address`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at path and query, then call the application or refuse."""
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await _REFUSAL.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)
