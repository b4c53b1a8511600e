"""Saying no in time (背压): a bound on what is in flight, and on what one caller asks.

A server that takes on everything answers nobody; one that refuses with a time to come back answers
those it took on. Both refusals come before the body is read and leave no trace in the log.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_network

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from http_edge.problems import Problem

OVERLOADED_RETRY_SECONDS = 1
MOST_NAMES = 10_000
_NETWORK_BITS = 64

_OVERLOADED = Problem(
    "overloaded",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "系统繁忙 (overloaded)",
    "在办请求已满，本次请求没有受理；请按 Retry-After 稍后以同一请求键重发",
)
_TOO_MANY = Problem(
    "too-many-requests",
    HTTPStatus.TOO_MANY_REQUESTS,
    "请求过于频繁 (too many requests)",
    "本机构（没有令牌的，本地址）的请求超过每秒上限，本次请求没有受理；"
    "请按 Retry-After 稍后以同一请求键重发",
)


class InFlight:
    """How many requests are waiting or worked on in this process (在办请求)."""

    def __init__(self) -> None:
        self.count = 0


class InFlightLimit:
    """Refuses with 503 `overloaded` what would be more than `most` requests at once.

    `most` of 0 is no bound; `in_flight` counts in either case.
    """

    def __init__(self, app: ASGIApp, *, most: int, in_flight: InFlight) -> None:
        self._app = app
        self._most = most
        self._in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if 0 < self._most <= self._in_flight.count:
            refusal = _OVERLOADED.response({"Retry-After": str(OVERLOADED_RETRY_SECONDS)})
            await refusal(scope, receive, send)
            return
        self._in_flight.count += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_flight.count -= 1


class _Buckets:
    """How much each name may still ask (令牌桶): `burst` at one moment, `per_second` on the long
    run; names nobody uses are forgotten, so that they cannot fill the memory."""

    def __init__(self, *, per_second: int, burst: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = max(burst, 1)
        self._clock = clock
        # By name: what is left, and when that was. The longest unused come first.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def wait_seconds(self, name: str, *, takes: bool) -> int:
        """0 where one more request may come, which `takes` it out; or how long to wait."""
        if not self._per_second:
            return 0
        now = self._clock()
        left, at = self._left.get(name, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_second)
        may_come = left >= 1
        if takes:
            self._left[name] = (left - 1 if may_come else left, now)
            self._left.move_to_end(name)
            if len(self._left) > MOST_NAMES:
                # Who comes back finds a full bucket.
                self._left.popitem(last=False)
        return 0 if may_come else max(1, math.ceil((1 - left) / self._per_second))

    def refusal_headers(self, wait_seconds: int) -> dict[str, str]:
        """When to come back."""
        return {
            "Retry-After": str(wait_seconds),
            "RateLimit-Limit": str(self._burst),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(wait_seconds),
        }


class CallerRate:
    """How much one institution may ask, and one address without a token (请求速率).

    Counted after the token was checked: an institution's requests are those of its own tokens, and
    naming one uses up nothing of it. Strangers are counted apart, by their addresses, so that many
    invented ones push no institution out. `per_second` of 0 is no bound.
    """

    def __init__(
        self, *, per_second: int = 0, burst: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._callers = _Buckets(per_second=per_second, burst=burst, clock=clock)
        self._strangers = _Buckets(per_second=per_second, burst=burst, clock=clock)

    def of_caller(self, name: str) -> Response | None:
        """Count a request of an institution, or of somebody of none; a refusal where it is too
        much."""
        return self._counted(self._callers, name, takes=True)

    def of_stranger(self, scope: Scope, *, takes: bool = True) -> Response | None:
        """The same for whoever has no token that is good; or look without counting."""
        return self._counted(self._strangers, _address(scope), takes=takes)

    def _counted(self, buckets: _Buckets, name: str, *, takes: bool) -> Response | None:
        seconds = buckets.wait_seconds(name, takes=takes)
        return _TOO_MANY.response(buckets.refusal_headers(seconds)) if seconds else None


def _address(scope: Scope) -> str:
    """Where a request comes from; of the newer addresses the network, since one caller has all
    of its 2^64."""
    client = scope.get("client")
    host = str(client[0]) if client else ""
    if ":" not in host:
        return host
    try:
        return str(ip_network((host.partition("%")[0], _NETWORK_BITS), strict=False))
    except ValueError:
        return ""
