"""Traces by OpenTelemetry (链路追踪的实现), W3C trace context in and out."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator


def exporting_tracing(service: str) -> "OtelTracing":
    """Sends spans in batches to `OTEL_EXPORTER_OTLP_ENDPOINT`, sampled as the environment says."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"yizhan-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OtelTracing(provider)


class OtelSpan:
    """One span."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def tell(self, name: str, value: str | int) -> None:
        """Add an attribute."""
        self._span.set_attribute(name, value)

    def name(self, name: str) -> None:
        """Rename it."""
        self._span.update_name(name)

    def fail(self, kind: str) -> None:
        """Mark it as failed."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))


class OtelTracing:
    """The port `Tracing` on a provider of spans."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("yizhan")
        self._context = TraceContextTextMapPropagator()

    @contextmanager
    def serving(self, headers: Mapping[str, str]) -> Iterator[OtelSpan]:
        """A request being answered."""
        with self._span("HTTP", SpanKind.SERVER, headers) as span:
            yield span

    @contextmanager
    def asking(self, name: str) -> Iterator[OtelSpan]:
        """Another service being asked."""
        with self._span(name, SpanKind.CLIENT) as span:
            yield span

    @contextmanager
    def step(self, name: str) -> Iterator[OtelSpan]:
        """A step inside this process."""
        with self._span(name, SpanKind.INTERNAL) as span:
            yield span

    @contextmanager
    def consuming(self, name: str, headers: Mapping[str, str]) -> Iterator[OtelSpan]:
        """A message being worked on."""
        with self._span(name, SpanKind.CONSUMER, headers) as span:
            yield span

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add `traceparent`, and `tracestate` where there is one."""
        self._context.inject(headers)

    def shut_down(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, headers: Mapping[str, str] | None = None
    ) -> Iterator[OtelSpan]:
        parent = None if headers is None else self._context.extract(headers)
        # An exception's message may quote what was sent: the library must not record it.
        with self._tracer.start_as_current_span(
            name, parent, kind, record_exception=False, set_status_on_exception=False
        ) as span:
            told = OtelSpan(span)
            try:
                yield told
            except BaseException as error:
                told.fail(type(error).__qualname__)
                raise
