"""Which addresses are read at all (请求地址): those of letters that stand in an address, without
the character NUL.

No database on a server takes NUL in a text that something is looked up by. Any other letter is
written with percent signs (RFC 3986); who reads an address finds no text in a bare byte.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from http_edge.problems import Problem

_REFUSAL = Problem("malformed-address", 400, "请求地址中有不能识别的字符 (malformed address)")


class ReadableAddress:
    """Refuses an address that holds NUL, or bare bytes, with 400 `malformed-address`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at path and query, then call the application or refuse."""
        if scope["type"] == "http" and not _is_readable(scope["path"], scope["query_string"]):
            await _REFUSAL.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_readable(path: str, query: bytes) -> bool:
    return "\0" not in path and b"%00" not in query and query.isascii()
