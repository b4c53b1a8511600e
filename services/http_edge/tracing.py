"""Traces (链路追踪): one request followed through services, database and Kafka.

Nothing of the OpenTelemetry SDK is imported unless `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send
spans: without it `current_tracing()` is None, and asking that is all it costs. Attributes are
methods, route templates, status codes and counts: never a path, a query, a body or a message.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

KafkaHeaders = Sequence[tuple[str, bytes]]
_TRACE_CONTEXT = ("traceparent", "tracestate")


class Span(Protocol):
    """A step that is being traced."""

    def tell(self, name: str, value: str | int) -> None:
        """Add an attribute, which must be about nobody."""

    def name(self, name: str) -> None:
        """Call the step otherwise, once it is known what it was."""

    def fail(self, kind: str) -> None:
        """Mark the step as failed, by the kind of error."""


class Tracing(Protocol):
    """Where the steps of this process's work are told (追踪器)."""

    def serving(self, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """A request being answered; it goes on the trace that its headers name."""

    def asking(self, name: str) -> AbstractContextManager[Span]:
        """Another service being asked."""

    def step(self, name: str) -> AbstractContextManager[Span]:
        """A step inside this process."""

    def consuming(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """A message being worked on; it goes on the trace that its headers name."""

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add the headers by which whoever gets them goes on this trace."""

    def shut_down(self) -> None:
        """Send what has not been sent."""


_current: ContextVar[Tracing | None] = ContextVar("yizhan_tracing", default=None)


def start_tracing(service: str) -> Tracing:
    """The tracing of a service, sending to where the environment says."""
    from http_edge.otel_tracing import exporting_tracing  # noqa: PLC0415 -- costs time when off

    return exporting_tracing(service)


def current_tracing() -> Tracing | None:
    """Where the work in hand is traced, None where it is not."""
    return _current.get()


@contextmanager
def traced_by(tracing: Tracing | None) -> Iterator[None]:
    """While the block runs, work done here is told to this tracing."""
    token = _current.set(tracing)
    try:
        yield
    finally:
        _current.reset(token)


def step(name: str) -> AbstractContextManager[Span | None]:
    """A step inside this process, if it is traced."""
    tracing = _current.get()
    return nullcontext() if tracing is None else tracing.step(name)


def kafka_headers() -> list[tuple[str, bytes]]:
    """What a Kafka record carries so that its consumer goes on this trace; empty when untraced."""
    tracing = _current.get()
    if tracing is None:
        return []
    headers: dict[str, str] = {}
    tracing.inject(headers)
    return [(name, value.encode()) for name, value in headers.items()]


def consuming(name: str, headers: KafkaHeaders) -> AbstractContextManager[Span | None]:
    """A Kafka record being worked on, going on the trace of its headers, if work is traced here."""
    tracing = _current.get()
    if tracing is None:
        return nullcontext()
    context = {
        key: value.decode("ascii", "replace") for key, value in headers if key in _TRACE_CONTEXT
    }
    return tracing.consuming(name, context)
