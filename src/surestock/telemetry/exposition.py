"""The two forms of ``/metrics``: Prometheus's text, and a few counters as JSON."""

from collections.abc import Callable, Iterator

import anyio.to_thread
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from surestock.telemetry.histogram import Histogram
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.sync_figures import SyncFigures, sync_families

TEXT_TYPE = CONTENT_TYPE_LATEST


class Exposition(Collector):
    """Shows the numbers of a :class:`Metrics`, and what ``sync`` tells of the central view."""

    def __init__(self, metrics: Metrics, sync: Callable[[], SyncFigures]) -> None:
        self._metrics = metrics
        self._sync = sync
        self._service = CollectorRegistry(auto_describe=False)
        self._service.register(self)
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    async def text(self) -> bytes:
        """Return everything in Prometheus's text form.

        The process is looked at through files, so a thread does that.
        """
        own = generate_latest(self._service)
        return own + await anyio.to_thread.run_sync(generate_latest, self._process)

    def counters(self) -> dict[str, int]:
        """Return the contract's JSON counters. What the service cannot do yet never happened: 0."""
        metrics = self._metrics
        return {
            "requests": metrics.answers(0, 999),
            "errors": metrics.answers(500, 599),
            "conflicts": metrics.answers(409, 409) + metrics.batch_rows.get(409, 0),
            "idempotentHits": metrics.idempotent_hits,
            "rateLimited": metrics.answers(429, 429),
            "shed": metrics.answers(503, 503),
            "breakerOpen": 0,
            "fsRetries": metrics.fs_retries,
            "snapshots": self._sync().snapshots,
            "lockAcquired": 0,
            "lockContended": 0,
            "lockStolen": 0,
            "lockExpired": 0,
            "lockLost": 0,
            "lockReleaseFailures": 0,
        }

    def collect(self) -> Iterator[Metric]:
        """Yield every family of the service. Called by prometheus-client."""
        yield from self._http()
        yield from self._engine()
        yield from sync_families(self._sync())
        yield from self._readers()

    def _http(self) -> Iterator[Metric]:
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
        for (method, route), stats in self._metrics.routes.items():
            for status, count in stats.by_status.items():
                requests.add_metric((method, route, str(status)), count)
            latency.add_metric(
                (method, route), stats.latency_s.buckets(), sum_value=stats.latency_s.total
            )
        yield requests
        yield latency
        rows = CounterMetricFamily(
            "surestock_batch_rows", "Rows of batches answered.", labels=("status",)
        )
        for status, count in self._metrics.batch_rows.items():
            rows.add_metric((str(status),), count)
        yield rows
        yield CounterMetricFamily(
            "surestock_idempotent_hits",
            "Answers that were given before, to the same key.",
            value=self._metrics.idempotent_hits,
        )

    def _engine(self) -> Iterator[Metric]:
        metrics = self._metrics
        yield _histogram(
            "surestock_commit_duration_seconds",
            "Time from handing a group commit to the writer until it was durable.",
            metrics.commit_s,
        )
        yield _histogram(
            "surestock_commit_batch_records", "Records in a group commit.", metrics.commit_records
        )
        for name, told, value in (
            (
                "surestock_fs_retries",
                "Writes to the log that were tried again.",
                metrics.fs_retries,
            ),
            (
                "surestock_failed_commands",
                "Commands that could not be written to the log.",
                metrics.failed_commands,
            ),
            (
                "surestock_expired_levels",
                "Levels on which the sweeper recorded expired reservations.",
                metrics.expired_levels,
            ),
            ("surestock_torn_tails", "Torn tails cut off at start.", metrics.torn_tails),
        ):
            yield CounterMetricFamily(name, told, value=value)
        yield GaugeMetricFamily(
            "surestock_recovery_seconds", "Time that the start took.", value=metrics.recovery_s
        )

    def _readers(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "surestock_event_readers",
            "Clients that follow the events as a stream.",
            value=self._metrics.event_readers,
        )
        yield CounterMetricFamily(
            "surestock_slow_readers",
            "Clients that were cut off, because they did not read what was sent.",
            value=self._metrics.slow_readers,
        )


def _histogram(name: str, told: str, histogram: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, told, buckets=histogram.buckets(), sum_value=histogram.total)
