"""Spans: what is in one, what never is, and what an endpoint that is down costs."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from surestock.kit.clock import ManualClock
from surestock.telemetry.log import make_log
from surestock.telemetry.otlp import SdkSpans
from surestock.telemetry.tracing import TracingMissing, make_spans

ROUTE = "/stores/{storeId}/inventory/{sku}"
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def sent() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(sent: InMemorySpanExporter) -> SdkSpans:
    return SdkSpans(SimpleSpanProcessor(sent), ManualClock())


def only(sent: InMemorySpanExporter) -> ReadableSpan:
    (span,) = sent.get_finished_spans()
    return span


def test_a_span_tells_the_route_and_how_it_ended(
    spans: SdkSpans, sent: InMemorySpanExporter
) -> None:
    trace = spans.record("GET", ROUTE, 200, 0.25, None)
    span = only(sent)
    assert (span.name, span.kind) == (f"GET {ROUTE}", SpanKind.SERVER)
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": ROUTE,
        "http.response.status_code": 200,
    }
    assert span.context is not None
    assert trace == f"{span.context.trace_id:032x}"
    assert (span.parent, span.status.status_code) == (None, StatusCode.UNSET)


def test_a_span_ends_now_and_began_as_long_ago_as_it_took(
    spans: SdkSpans, sent: InMemorySpanExporter
) -> None:
    spans.record("GET", ROUTE, 200, 0.25, None)
    span = only(sent)
    assert span.start_time is not None
    assert span.end_time == datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1e9
    assert span.end_time - span.start_time == 250_000_000


def test_a_valid_traceparent_is_the_parent(spans: SdkSpans, sent: InMemorySpanExporter) -> None:
    trace = spans.record("GET", ROUTE, 200, 0.1, PARENT)
    assert trace == "0af7651916cd43dd8448eb211c80319c"
    parent = only(sent).parent
    assert parent is not None
    assert (f"{parent.span_id:016x}", parent.is_remote) == ("b7ad6b7169203331", True)


@pytest.mark.parametrize(
    "traceparent",
    [
        b"",
        b"nonsense",
        PARENT.replace(b"b7ad6b7169203331", b"0" * 16),
        PARENT.replace(b"00-", b"ff-", 1),
        PARENT.upper(),
        PARENT + b"-more",
    ],
)
def test_a_traceparent_that_is_not_valid_is_no_parent(
    spans: SdkSpans, sent: InMemorySpanExporter, traceparent: bytes
) -> None:
    trace = spans.record("GET", ROUTE, 200, 0.1, traceparent)
    assert only(sent).parent is None
    assert len(trace) == 32


def test_who_is_not_sampled_is_not_sent_and_keeps_its_trace(
    spans: SdkSpans, sent: InMemorySpanExporter
) -> None:
    trace = spans.record("GET", ROUTE, 200, 0.1, PARENT.removesuffix(b"01") + b"00")
    assert trace == "0af7651916cd43dd8448eb211c80319c"
    assert sent.get_finished_spans() == ()


def test_a_failure_of_the_service_is_an_error_and_a_refusal_is_none(
    spans: SdkSpans, sent: InMemorySpanExporter
) -> None:
    spans.record("POST", ROUTE, 409, 0.1, None)
    spans.record("POST", ROUTE, 503, 0.1, None)
    refused, failed = sent.get_finished_spans()
    assert refused.status.status_code is StatusCode.UNSET
    assert failed.status.status_code is StatusCode.ERROR
    assert (failed.attributes or {})["error.type"] == "503"


def test_a_method_that_a_client_made_up_is_not_repeated(
    spans: SdkSpans, sent: InMemorySpanExporter
) -> None:
    spans.record("BERLIN", "unmatched", 405, 0.1, None)
    assert "BERLIN" not in only(sent).to_json()


def test_the_service_is_named_unless_the_environment_does(
    sent: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("surestock", "tills"):
        if name != "surestock":
            monkeypatch.setenv("OTEL_SERVICE_NAME", name)
        SdkSpans(SimpleSpanProcessor(sent), ManualClock()).record("GET", ROUTE, 200, 0.1, None)
        assert sent.get_finished_spans()[-1].resource.attributes["service.name"] == name


def test_without_an_endpoint_there_are_no_spans() -> None:
    clock, lines = ManualClock(), list[bytes]()
    assert make_spans(None, clock, make_log(lines.append, clock, "info")) is None


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment without the extra."""
    for name in list(sys.modules):
        if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "surestock.telemetry.otlp")
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("not_installed")
def test_an_endpoint_without_the_extra_is_refused_with_a_sentence() -> None:
    clock, lines = ManualClock(), list[bytes]()
    log = make_log(lines.append, clock, "info")
    with pytest.raises(TracingMissing, match=r"surestock\[otel\] is not installed"):
        make_spans("http://127.0.0.1:4318", clock, log)


def test_only_one_module_knows_the_sdk() -> None:
    source = Path(__file__).parents[2] / "src"
    who = {path.name for path in source.rglob("*.py") if "from opentelemetry" in path.read_text()}
    assert who == {"otlp.py"}
