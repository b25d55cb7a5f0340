"""What was asked and answered, and who follows the events."""

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric

from surestock.telemetry.family.shape import counter_by, counters, gauges
from surestock.telemetry.metrics import Metrics

# Shown before they occur, so that a rate sees the first.
_ROW_STATUSES = ("200", "201", "400", "403", "404", "409", "503")


def traffic_families(metrics: Metrics) -> Iterator[Metric]:
    """Yield every family about requests and their answers."""
    yield from _requests(metrics)
    rows = dict.fromkeys(_ROW_STATUSES, 0)
    rows |= {str(status): count for status, count in metrics.batch_rows.items()}
    yield counter_by("status", "surestock_batch_rows", "Rows of batches answered.", rows)
    yield from counters(
        (
            "surestock_idempotent_hits",
            "Answers that were given before, to the same key.",
            metrics.idempotent_hits,
        ),
        (
            "surestock_defects",
            "Requests that failed by a defect of the service.",
            metrics.defects,
        ),
    )
    yield from gauges(
        (
            "surestock_event_readers",
            "Clients that follow the events as a stream.",
            metrics.event_readers,
        )
    )
    yield from counters(
        (
            "surestock_slow_readers",
            "Clients that were cut off, because they did not read what was sent.",
            metrics.slow_readers,
        )
    )


def _requests(metrics: Metrics) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "surestock_http_requests",
        "Requests answered.",
        labels=("method", "route", "status"),
    )
    latency = HistogramMetricFamily(
        "surestock_http_request_duration_seconds",
        "Time from the request's headers to the end of the answer.",
        labels=("method", "route"),
    )
    for (method, route), stats in metrics.routes.items():
        for status, count in stats.by_status.items():
            requests.add_metric((method, route, str(status)), count)
        latency.add_metric(
            (method, route), stats.latency_s.buckets(), sum_value=stats.latency_s.total
        )
    yield requests
    yield latency
