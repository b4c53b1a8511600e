"""What browsers and caches are told with every answer (安全响应头)."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_FRAMES = "frame-ancestors 'none'"
# Scripts and styles of the documentation, and public keys: the same for everybody.
_KEPT_BY_CACHES = ("/static-offline-docs/", "/.well-known/")


class SecurityHeaders:
    """Adds them to every answer, also to refusals; what a route says itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, answer)


def _add(headers: MutableHeaders, path: str) -> None:
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    said = headers.get("Content-Security-Policy")
    if said is None or "frame-ancestors" not in said:
        headers["Content-Security-Policy"] = f"{said}; {_FRAMES}" if said else _FRAMES
    if not path.startswith(_KEPT_BY_CACHES):
        # Who somebody is and what they paid is nobody else's; nor is a refusal worth keeping.
        headers.setdefault("Cache-Control", "no-store")
