"""Spans through the OpenTelemetry SDK, sent by OTLP over HTTP from a thread of its own.

What waits is bounded; what does not fit is dropped, and an endpoint that is down costs spans and
never a request. The SDK says so with every batch: here it may, once a minute.

Names of attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/. ``url.path`` is
left out on purpose, for it holds stores and SKUs.
"""

import logging
from threading import Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    format_trace_id,
    set_span_in_context,
)

from surestock import __version__
from surestock.kit.clock import Clock
from surestock.telemetry.log import Log
from surestock.telemetry.rare_lines import RareLines
from surestock.telemetry.spans import Spans
from surestock.telemetry.trace import find_parent

_PATH = "/v1/traces"
_LIBRARY = "opentelemetry"
_LAST_SPANS_S = 2.0
_SERVER_ERROR = 500
_NS = 1_000_000_000
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_OTHER_METHOD = "_OTHER"


def otlp_spans(endpoint: str, clock: Clock, log: Log) -> Spans:
    """Return spans that are sent to ``endpoint``; what the SDK complains of goes to ``log``."""
    exporter = OTLPSpanExporter(endpoint.rstrip("/") + _PATH)
    logger = logging.getLogger(_LIBRARY)
    logger.addHandler(RareLines(log, clock.monotonic))
    logger.propagate = False
    return SdkSpans(BatchSpanProcessor(exporter), clock)


class SdkSpans:
    """Makes a span of each request, and hands it to ``processor``."""

    def __init__(self, processor: SpanProcessor, clock: Clock) -> None:
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("surestock", __version__)
        self._now = clock.now

    def record(
        self, method: str, route: str, status: int, seconds: float, traceparent: bytes | None
    ) -> str:
        """Tell of a request that has just ended; return its trace id."""
        ended_ns = int(self._now().timestamp() * _NS)
        known = method if method in _METHODS else _OTHER_METHOD
        attributes: dict[str, str | int] = {
            "http.request.method": known,
            "http.route": route,
            "http.response.status_code": status,
        }
        if status >= _SERVER_ERROR:
            attributes["error.type"] = str(status)
        span = self._tracer.start_span(
            f"{'HTTP' if known == _OTHER_METHOD else known} {route}",
            _context(traceparent),
            SpanKind.SERVER,
            attributes,
            start_time=ended_ns - int(seconds * _NS),
        )
        if status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended_ns)
        return format_trace_id(span.get_span_context().trace_id)

    def close(self) -> None:
        """Send what is waiting, within a few seconds. It blocks."""
        # The SDK waits half a minute for an endpoint that is down.
        last = Thread(target=self._provider.shutdown, name="surestock-last-spans", daemon=True)
        last.start()
        last.join(_LAST_SPANS_S)


def _context(traceparent: bytes | None) -> Context:
    """Return a context with the parent in it; an empty one when there is none."""
    parent = None if traceparent is None else find_parent(traceparent)
    if parent is None:
        return Context()
    remote = SpanContext(
        int(parent.trace_id, 16),
        int(parent.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(parent.flags),
    )
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _resource() -> Resource:
    """Return who sends the spans: OTEL_SERVICE_NAME, if it says so."""
    found = Resource.create({"service.version": __version__})
    if str(found.attributes.get("service.name", "")).startswith("unknown_service"):
        return found.merge(Resource({"service.name": "surestock"}))
    return found
