"""Spans: what a request tells a tracing system, where there is one.

The service knows this port alone, and usually not even that: without an endpoint there are no
spans, and a request pays for one look at None. A request is told once, when it has ended: begin and
end are in it, and nothing has to be carried along in between.

No span holds a path, a SKU, a store or a client: the route's template names parameters only.
"""

from typing import Protocol

from surestock.kit.clock import Clock
from surestock.kit.errors import SurestockError
from surestock.telemetry.log import Log


class TracingMissing(SurestockError):
    """Spans are asked for, and what sends them is not installed."""


class Spans(Protocol):
    """Takes a span for each request."""

    def record(
        self, method: str, route: str, status: int, seconds: float, traceparent: bytes | None
    ) -> str:
        """Tell of a request that has just ended; return its trace id, 32 hexadecimal digits.

        ``route`` is the template of its path. A valid ``traceparent`` is the span's parent.
        """
        ...

    def close(self) -> None:
        """Send what is waiting, within a few seconds. It blocks: call it in a thread, or last."""
        ...


def make_spans(endpoint: str | None, clock: Clock, log: Log) -> Spans | None:
    """Return what sends spans to ``endpoint``, the base of an OTLP receiver's address; None, none.

    Raises :class:`TracingMissing` when the extra ``surestock[otel]`` is not installed.
    """
    if endpoint is None:
        return None
    try:
        from surestock.telemetry.otlp import otlp_spans  # noqa: PLC0415 - an extra, often not there
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "opentelemetry":
            raise
        raise TracingMissing(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the extra surestock[otel] is not installed."
        ) from error
    return otlp_spans(endpoint, clock, log)
