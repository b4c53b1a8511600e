"""One trace goes through both services, and its spans are about nobody."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from eligibility.entrypoints.http.app import create_app
from http_edge.asking_client import AskingClient
from http_edge.identity.gate import build_own_tokens
from http_edge.identity.identity_settings import LOCAL_IDENTITY
from http_edge.otel_tracing import OtelTracing
from http_edge.serving import Server, free_port
from http_edge.tracing import Tracing, consuming, current_tracing, kafka_headers, step, traced_by
from settlement.adapters.eligibility_http import EligibilityHttp
from tests.eligibility.conftest import Desk as Office
from tests.eligibility.conftest import number
from tests.support.settlement_desk import Desk, open_parts, with_people

NAME = "样例独名"
NUMBER = number(7, "19620917")
ROW = f"居民身份证,{NUMBER},{NAME},,低保对象,2015-01-01,,500112,居民,一档,2015-01-01,"
CALLER = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{CALLER}-b7ad6b7169203331-01"


def tracing_to(exporter: InMemorySpanExporter, service: str) -> Tracing:
    """A service's tracing whose spans are kept here."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return OtelTracing(provider)


def service_of(span: ReadableSpan) -> str:
    """Whose span it is."""
    return str(span.resource.attributes["service.name"])


def named(spans: Sequence[ReadableSpan], name: str) -> ReadableSpan:
    """The one of this name."""
    (found,) = [span for span in spans if span.name == name]
    return found


def test_a_settlement_is_one_trace_through_both_services(tmp_path: Path) -> None:
    """From the caller's `traceparent`: settlement asks, eligibility answers, the log saves."""
    exporter = InMemorySpanExporter()
    office = Office(tmp_path / "people")
    office.bring(ROW)
    person = office.person_id(NUMBER)
    people = create_app(
        replace(office.eligibility, tracing=tracing_to(exporter, "eligibility")),
    )
    with Server(people, host="127.0.0.1", port=free_port("127.0.0.1")) as server:
        parts, _ = open_parts(tmp_path / "bills")
        tokens = build_own_tokens(LOCAL_IDENTITY, office.data_dir, name="settlement")
        asking = EligibilityHttp(AskingClient(base_url=server.url, timeout=30, auth=tokens))
        parts = with_people(parts, asking)
        desk = Desk(replace(parts, tracing=tracing_to(exporter, "settlement")))
        desk.import_institutions()
        stay = desk.discharged(
            person, "A1", charges={"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
        )
        exporter.clear()
        desk.http.headers["traceparent"] = TRACEPARENT
        settled = desk.settle(stay)
        assert settled.status_code == 200, settled.text
        spans = exporter.get_finished_spans()

    assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {CALLER}
    front = named(spans, "POST /v1/stays/{stay_id}/settlement")
    assert service_of(front) == "settlement"
    assert front.parent is not None
    assert f"{front.parent.span_id:016x}" == "b7ad6b7169203331"
    assert dict(front.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/stays/{stay_id}/settlement",
        "http.response.status_code": 200,
    }
    asked = [span for span in spans if span.name == "GET 127.0.0.1"]
    answered = [s for s in spans if s.name == "GET /v1/persons/{person_id}/entitlements"]
    assert asked
    assert {service_of(span) for span in answered} == {"eligibility"}
    parents = {span.parent.span_id for span in answered if span.parent}
    assert parents == {span.context.span_id for span in asked if span.context}
    assert service_of(named(spans, "event-log save")) == "settlement"
    told = "".join(span.to_json() for span in spans)
    assert [each for each in (NAME, NUMBER, person, "1962", "?on=") if each in told] == []


def test_a_failure_is_told_by_its_kind() -> None:
    """An exception's message is no part of a span."""
    exporter = InMemorySpanExporter()
    try:
        with traced_by(tracing_to(exporter, "settlement")), step("event-log save"):
            raise ValueError(NAME)
    except ValueError:
        pass
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert (span.events, span.status.is_ok, span.status.description) == ((), False, None)


def test_a_kafka_record_carries_the_trace_on() -> None:
    """What consumes it is part of the trace that published it; headers of others are left alone."""
    exporter = InMemorySpanExporter()
    tracing = tracing_to(exporter, "settlement")
    with traced_by(tracing):
        with step("publish"):
            headers = kafka_headers()
        with consuming("consume settlement.events", [("ce_id", b"\xff"), *headers]):
            pass
    published, consumed = exporter.get_finished_spans()
    assert consumed.parent is not None
    assert published.context is not None
    assert consumed.parent.span_id == published.context.span_id
    assert consumed.parent.trace_id == published.context.trace_id


def test_without_a_collector_nothing_is_traced_and_nothing_is_imported() -> None:
    """The helpers do nothing; a server starts without the SDK (FastAPI itself imports the API)."""
    assert current_tracing() is None
    assert kafka_headers() == []
    with step("event-log save") as span, consuming("consume", [("traceparent", b"x")]) as other:
        assert (span, other) == (None, None)
    script = (
        "import sys, standalone.serving;"
        "unwanted = ('opentelemetry.sdk', 'opentelemetry.exporter', 'structlog');"
        "sys.exit(any(each in sys.modules for each in unwanted))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
