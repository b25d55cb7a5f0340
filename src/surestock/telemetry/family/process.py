"""What runs, how well its event loop turns, and whether its log is read."""

import platform
from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from surestock import __version__
from surestock.telemetry.family.shape import counters, histogram
from surestock.telemetry.metrics import Metrics


def process_families(metrics: Metrics) -> Iterator[Metric]:
    """Yield every family about the process that prometheus-client has not."""
    build = GaugeMetricFamily(
        "surestock_build_info",
        "What runs: always 1.",
        labels=("version", "python", "engine"),
    )
    build.add_metric((__version__, platform.python_version(), metrics.engine), 1)
    yield build
    yield histogram(
        "surestock_event_loop_lag_seconds",
        "How late the event loop was for an appointment.",
        metrics.loop_lag_s,
    )
    yield from counters(
        (
            "surestock_log_lines_dropped",
            "Lines of log that were dropped, because nobody took them.",
            metrics.lines_dropped(),
        )
    )
