"""Operating a service (运行维护): health, metrics, traces and backpressure around an application.

`/health/live`, `/health/ready` and `/metrics` are answered before everything else: without
authentication of callers, outside the bounds on requests, and in no OpenAPI document.
"""

import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eventlog.measured import LogMeasures, LogStep
from http_edge.backpressure import InFlight, InFlightLimit
from http_edge.health import Health, Report
from http_edge.metrics import METRICS_CONTENT_TYPE, HttpMetrics, LogMetrics, Looked, exposition
from http_edge.operating_settings import OperatingSettings
from http_edge.problems import Problem
from http_edge.request_watch import RequestWatch
from http_edge.security_headers import SecurityHeaders
from http_edge.tracing import Tracing, step

LIVE_PATH: Final = "/health/live"
READY_PATH: Final = "/health/ready"
METRICS_PATH: Final = "/metrics"
LOOKING_SECONDS = 5.0
TSeen = TypeVar("TSeen")
_LOOKING_AT_ONCE = 4
_NEVER_CACHED = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Operations:
    """What one application is operated by (运行部件); `registry` holds what it counts."""

    service: str
    health: Health
    looked: Looked
    settings: OperatingSettings = field(default_factory=OperatingSettings)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    tracing: Tracing | None = None
    in_flight: InFlight = field(default_factory=InFlight)

    def drain(self) -> None:
        """Say from now on that nothing new should be sent here."""
        self.health.drain()


def install_operations(app: FastAPI, operations: Operations) -> None:
    """Put the operation of a service around its application; after everything else is in place."""
    settings = operations.settings
    app.state.operations = operations
    app.add_middleware(InFlightLimit, most=settings.most_in_flight, in_flight=operations.in_flight)
    app.add_middleware(
        RequestWatch,
        service=operations.service,
        metrics=HttpMetrics(operations.registry, operations.service, shard=operations.looked.shard),
        tracing=operations.tracing,
    )
    app.add_middleware(OperationRoutes, operations=operations)
    # Around all of it: a refusal for want of room is an answer like any other.
    app.add_middleware(SecurityHeaders)


def side_app(operations: Operations) -> FastAPI:
    """An application of nothing but health and metrics, beside a worker that serves nobody."""
    app = FastAPI(openapi_url=None)
    install_operations(app, operations)
    return app


def operations_of(app: FastAPI) -> Operations | None:
    """What an application is operated by, None where nothing was installed."""
    found = getattr(app.state, "operations", None)
    return found if isinstance(found, Operations) else None


def drain(app: FastAPI) -> int:
    """Let an application say that it is ending, if it is operated.

    Returns how many seconds it should go on taking requests meanwhile.
    """
    operations = operations_of(app)
    if operations is None:
        return 0
    operations.drain()
    return operations.settings.drain_seconds


def log_measures(metrics: LogMetrics, *, saved: Callable[[Any], None]) -> LogMeasures:
    """What an event log tells: how long saves take, how many events, and its steps as spans.

    `saved` gets the events of each save besides.
    """

    def around(log_step: LogStep) -> AbstractContextManager[Any]:
        return _saving(metrics) if log_step == "save" else step("event-log load")

    def stored(events: Any) -> None:
        metrics.stored(len(events))
        saved(events)

    return LogMeasures(around=around, saved=stored, committed=metrics.committed)


@contextmanager
def _saving(metrics: LogMetrics) -> Iterator[None]:
    with metrics.save_seconds.time(), step("event-log save"):
        yield


class OperationRoutes:
    """Answers `/health/live`, `/health/ready` and `/metrics`; hands on everything else."""

    def __init__(self, app: ASGIApp, *, operations: Operations) -> None:
        self._app = app
        self._operations = operations
        # Threads of their own: where all others are busy, health must still be told, and however
        # often somebody asks for metrics.
        self._looking_threads: anyio.CapacityLimiter | None = None
        self._exposing_thread: anyio.CapacityLimiter | None = None
        # When the last text was begun, and the text.
        self._exposed = (float("-inf"), b"")
        # A thread that was given up goes on, and its place is another's by then.
        self._exposing = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or hand on."""
        answer = self._answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await self._app(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            refusal = Problem("method-not-allowed", 405, "不支持这种方法 (method not allowed)")
            await refusal.response({"Allow": "GET, HEAD"})(scope, receive, send)
            return
        response = await answer(self, scope)
        await response(scope, receive, send)

    async def _live(self, _scope: Scope) -> Response:
        return _json({"status": "live"})

    async def _ready(self, _scope: Scope) -> Response:
        health = self._operations.health
        if self._looking_threads is None:
            self._looking_threads = anyio.CapacityLimiter(_LOOKING_AT_ONCE)
        report = await _within_time(health.report, self._looking_threads)
        return _readiness(report or health.unanswered())

    async def _metrics(self, scope: Scope) -> Response:
        if not _may_read_metrics(scope, self._operations.settings.metrics_token):
            return Problem(
                "metrics-token-required",
                HTTPStatus.UNAUTHORIZED,
                "读取指标须带令牌 (token required)",
            ).response({"WWW-Authenticate": "Bearer", **_NEVER_CACHED})
        operations = self._operations
        if self._exposing_thread is None:
            self._exposing_thread = anyio.CapacityLimiter(1)
        asked_at = time.monotonic()
        text = await _within_time(lambda: self._text_since(asked_at), self._exposing_thread)
        if text is None:
            # What was counted is told in any case.
            text = exposition(operations.registry, Looked(operations.service), None)
        return Response(text, headers={**_NEVER_CACHED, "Content-Type": METRICS_CONTENT_TYPE})

    def _text_since(self, asked_at: float) -> bytes:
        """The metrics as of now, one thread at a time. All who asked before the last text was
        begun share it: a hundred scrapes at once cost two.

        Where somebody else's look hangs, what was counted alone.
        """
        operations = self._operations
        if not self._exposing.acquire(timeout=LOOKING_SECONDS):
            return exposition(operations.registry, Looked(operations.service), None)
        try:
            begun_at, text = self._exposed
            if begun_at < asked_at:
                begun_at = time.monotonic()
                report = operations.health.report()
                text = exposition(operations.registry, operations.looked, report)
                self._exposed = (begun_at, text)
            return text
        finally:
            self._exposing.release()

    _answers: Final = {LIVE_PATH: _live, READY_PATH: _ready, METRICS_PATH: _metrics}


async def _within_time(look: Callable[[], TSeen], threads: anyio.CapacityLimiter) -> TSeen | None:
    """What a look gives, None where it takes too long."""
    with anyio.move_on_after(LOOKING_SECONDS):
        return await anyio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=threads)
    return None


def _readiness(report: Report) -> Response:
    checks = dict(report.words)
    if not report.failing:
        return _json({"status": report.readiness, "checks": checks})
    return Problem(
        "not-ready",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "尚不能受理请求 (not ready)",
        f"未通过：{'、'.join(report.failing)}；处置见 docs/runbook.md",
        {"failing": list(report.failing), "checks": checks},
    ).response({"Retry-After": "5", **_NEVER_CACHED})


def _json(content: dict[str, Any]) -> Response:
    return Response(
        json.dumps(content, ensure_ascii=False).encode(),
        headers=_NEVER_CACHED,
        media_type="application/json",
    )


def _may_read_metrics(scope: Scope, token: str | None) -> bool:
    if token is None:
        return True
    sent = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return hmac.compare_digest(sent, f"Bearer {token}".encode())
