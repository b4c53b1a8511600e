"""Saying no in time (背压): a bound on what is in flight, and on what one institution asks.

A server that takes on everything answers nobody; one that refuses with a time to come back answers
those it took on. Both refusals come before the body is read and leave no trace in the log.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from http_edge.acting import INSTITUTION_HEADER
from http_edge.problems import Problem

OVERLOADED_RETRY_SECONDS = 1
MOST_INSTITUTIONS = 10_000
LONGEST_INSTITUTION_BYTES = 64

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
    "本机构的请求超过每秒上限，本次请求没有受理；请按 Retry-After 稍后以同一请求键重发",
)
_INSTITUTION = INSTITUTION_HEADER.lower().encode()


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


class InstitutionRate:
    """Refuses with 429 `too-many-requests` an institution that asks too much (令牌桶).

    A bucket an institution holds `burst` requests and gains `per_second`; who names no
    institution shares one. `per_second` of 0 is no bound. The institution is the one a request
    names: a bucket is fairness among callers who are checked elsewhere.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_second: int,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._per_second = per_second
        self._burst = max(burst, 1)
        self._clock = clock
        # By institution: what is left, and when that was. The longest unused come first.
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application or refuse."""
        if scope["type"] != "http" or not self._per_second:
            await self._app(scope, receive, send)
            return
        wait_seconds = self._take(_institution(scope))
        if wait_seconds:
            headers = {
                "Retry-After": str(wait_seconds),
                "RateLimit-Limit": str(self._burst),
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": str(wait_seconds),
            }
            await _TOO_MANY.response(headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _take(self, institution: bytes) -> int:
        """Take one request out of the bucket; 0, or the whole seconds to wait for the next."""
        now = self._clock()
        left, at = self._buckets.get(institution, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._per_second)
        taken = left >= 1
        self._buckets[institution] = (left - 1 if taken else left, now)
        self._buckets.move_to_end(institution)
        if len(self._buckets) > MOST_INSTITUTIONS:
            # Names nobody uses must not fill the memory; who comes back finds a full bucket.
            self._buckets.popitem(last=False)
        return 0 if taken else max(1, math.ceil((1 - left) / self._per_second))


def _institution(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == _INSTITUTION:
            named: bytes = value
            return named if len(named) <= LONGEST_INSTITUTION_BYTES else b""
    return b""
