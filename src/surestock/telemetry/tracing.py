"""Whether anybody traces, and with what: an extra that costs nothing where it is not asked for."""

from surestock.kit.clock import Clock
from surestock.kit.errors import SurestockError
from surestock.telemetry.log import Log
from surestock.telemetry.spans import Spans


class TracingMissing(SurestockError):
    """Spans are asked for, and what sends them is not installed."""


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
