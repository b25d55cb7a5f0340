"""What keeps the service up when there is too much to do, or when something it needs fails."""

from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from surestock.telemetry.family.shape import counter_by, counters, gauges
from surestock.telemetry.metrics import BREAKER_STATES, Metrics


def protection_families(metrics: Metrics) -> Iterator[Metric]:
    """Yield every family about limits, load, connections and breakers."""
    yield from gauges(
        ("surestock_ready", "Whether readiness says so: 1 or 0.", metrics.ready()),
        (
            "surestock_queue_depth",
            "Commands that wait, or are decided and not durable.",
            metrics.queue_depth(),
        ),
        ("surestock_connections", "Open connections of clients.", metrics.connections),
        (
            "surestock_access_keys_stale",
            "Whether the file of keys could not be read again: 1 or 0.",
            metrics.access_keys_stale(),
        ),
    )
    yield from counters(
        (
            "surestock_rate_limited",
            "Requests that were throttled, because a client was too fast.",
            metrics.rate_limited,
        )
    )
    yield counter_by(
        "worth", "surestock_shed", "Requests that were shed, because too many waited.", metrics.shed
    )
    yield counter_by(
        "reason",
        "surestock_connections_ended",
        "Connections that the service ended, by why.",
        metrics.connections_ended,
    )
    yield from _breakers(metrics)


def _breakers(metrics: Metrics) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "surestock_breaker_state",
        "Which state a breaker is in: 1 for that one, 0 for the others.",
        labels=("breaker", "state"),
    )
    for breaker, current in metrics.breaker_states.items():
        for state in BREAKER_STATES:
            states.add_metric((breaker, state), current == state)
    yield states
    yield counter_by(
        "breaker",
        "surestock_breaker_openings",
        "How often a breaker opened.",
        metrics.breaker_openings,
    )
