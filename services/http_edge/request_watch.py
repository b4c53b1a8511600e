"""Watching requests (请求观察): one log line, one measurement and one span each.

A line tells the route's template and never the path, ids and keys only where they cannot be a
certificate's number, and no body, name or message.
"""

import logging
import re
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge.acting import INSTITUTION_HEADER, KEY_HEADER
from http_edge.metrics import HttpMetrics
from http_edge.problems import PROBLEM_JSON, SERVER_ERROR
from http_edge.request_id import REQUEST_ID_HEADER, request_id_of, work_on
from http_edge.tracing import Span, Tracing, traced_by
from http_edge.withholding import loggable, loggable_id

REJECTIONS = frozenset({"overloaded", "too-many-requests"})
NO_ROUTE = "(none)"
NOT_ANSWERED = 499
"""The status noted where the caller went away before there was an answer."""

_log = logging.getLogger("yizhan.requests")
_INSTITUTION = INSTITUTION_HEADER.lower().encode()
_KEY = KEY_HEADER.lower().encode()
_WANTED = frozenset({b"x-request-id", b"traceparent", b"tracestate", _INSTITUTION, _KEY})
_REQUEST_ID = REQUEST_ID_HEADER.lower().encode()
_REPLAYED = b"idempotency-replayed"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBLEM = PROBLEM_JSON.encode()
# The first member of every problem's body; what was stored and is given again has it, too.
_TYPE = re.compile(rb'\{"type": ?"urn:yizhan:problem:([a-z0-9-]{1,64})"')


class _Answer:
    """What is seen of an answer on its way out."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.status = NOT_ANSWERED
        self.is_replayed = False
        self.problem: str | None = None
        self._is_problem = False

    def pass_on(self, message: Message) -> None:
        """Look at a message, and add the request's id to the answer's headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message.get("headers", ()):
                if name == b"content-type":
                    self._is_problem = value.startswith(_PROBLEM)
                elif name == _REPLAYED:
                    self.is_replayed = True
            message["headers"] = [
                *message.get("headers", ()),
                (_REQUEST_ID, self.request_id.encode()),
            ]
        elif self._is_problem and self.problem is None:
            found = _TYPE.match(message.get("body", b""))
            self.problem = found[1].decode() if found else None


class RequestWatch:
    """Tells of every request: to the log, to the metrics, and to the trace it belongs to."""

    def __init__(
        self, app: ASGIApp, *, service: str, metrics: HttpMetrics, tracing: Tracing | None
    ) -> None:
        self._app = app
        self._service = service
        self._metrics = metrics
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and tell."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name: value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED
        }
        answer = _Answer(request_id_of(headers))
        work_on(answer.request_id)
        if self._tracing is None:
            await self._watched(scope, receive, send, headers, answer)
            return
        context = {name.decode(): value for name, value in headers.items()}
        with traced_by(self._tracing), self._tracing.serving(context) as span:
            try:
                await self._watched(scope, receive, send, headers, answer)
            finally:
                _tell_span(span, scope, answer)

    async def _watched(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: dict[bytes, str],
        answer: _Answer,
    ) -> None:
        async def watch(message: Message) -> None:
            answer.pass_on(message)
            await send(message)

        self._metrics.in_flight.inc()
        started = time.perf_counter()
        try:
            await self._app(scope, receive, watch)
        except Exception:
            answer.status = SERVER_ERROR
            raise
        finally:
            seconds = time.perf_counter() - started
            self._metrics.in_flight.dec()
            self._measure(scope, answer, seconds)
            self._write_line(scope, headers, answer, seconds)

    def _measure(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        self._metrics.answered(
            method=_method(scope), route=_route(scope), status=answer.status, seconds=seconds
        )
        if answer.problem is not None:
            self._metrics.refused(answer.problem)
            if answer.problem in REJECTIONS:
                self._metrics.rejected(answer.problem)

    def _write_line(
        self, scope: Scope, headers: dict[bytes, str], answer: _Answer, seconds: float
    ) -> None:
        level = logging.WARNING if answer.status >= SERVER_ERROR else logging.INFO
        if not _log.isEnabledFor(level):
            return
        told: dict[str, Any] = {
            "service": self._service,
            "method": _method(scope),
            "route": _route(scope),
            "status": answer.status,
            "milliseconds": round(seconds * 1000, 1),
            "institution": loggable(headers.get(_INSTITUTION)),
            "key": loggable(headers.get(_KEY)),
            "stay_id": loggable_id(scope.get("path_params", {}).get("stay_id")),
            "problem": answer.problem,
            "replayed": answer.is_replayed or None,
        }
        _log.log(level, "request", extra={name: v for name, v in told.items() if v is not None})


def _tell_span(span: Span, scope: Scope, answer: _Answer) -> None:
    span.name(f"{_method(scope)} {_route(scope)}")
    span.tell("http.request.method", _method(scope))
    span.tell("http.route", _route(scope))
    span.tell("http.response.status_code", answer.status)
    if answer.problem is not None:
        span.tell("yizhan.problem", answer.problem)
    if answer.status >= SERVER_ERROR:
        span.fail(answer.problem or str(answer.status))


def _route(scope: Scope) -> str:
    """The template of the route, as it was declared; what met no route of ours has none."""
    return getattr(scope.get("route"), "path", None) or NO_ROUTE


def _method(scope: Scope) -> str:
    """The method; a word nobody knows is not repeated."""
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"
