"""Calls to the commerce platform, and what became of carts and checkouts."""

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric

from surestock.telemetry.commerce import FAILURES, CommerceMetrics
from surestock.telemetry.family.shape import counter_by, counters, gauges


def commerce_families(metrics: CommerceMetrics) -> Iterator[Metric]:
    """Yield every family about the platform, carts and checkouts."""
    yield from _calls(metrics)
    carts = metrics.carts()
    yield counter_by(
        "outcome",
        "surestock_cart_syncs",
        "Times that the platform's cart was brought up to ours, or was not.",
        {"synced": carts.synced, "failed": carts.sync_failed},
    )
    yield counter_by(
        "result",
        "surestock_checkouts",
        "Checkouts that ended, by how.",
        {"completed": carts.completed, **dict.fromkeys(FAILURES, 0), **carts.failed},
    )
    yield counter_by(
        "why",
        "surestock_carts_let_go",
        "Carts that were let go of by the service.",
        {"bought": carts.closed_carts, "idle": carts.dropped_carts},
    )
    yield from gauges(
        ("surestock_cart_syncs_pending", "Users whose cart is to be synced.", carts.sync_pending),
        ("surestock_checkouts_open", "Checkouts without an end.", carts.open),
        ("surestock_checkouts_stuck", "Of these, without one for five minutes.", carts.stuck),
    )
    yield from counters(
        ("surestock_carts_recreated", "Platform's carts that had to be remade.", carts.recreated),
        (
            "surestock_cart_queue_refused",
            "Requests that found too many of their user waiting.",
            carts.queue_refused,
        ),
        (
            "surestock_checkouts_doubted",
            "Checkouts of which it became unknown whether they were placed.",
            carts.doubted,
        ),
        (
            "surestock_checkouts_resolved",
            "Of these, the ones of which it became known.",
            carts.resolved,
        ),
    )


def _calls(metrics: CommerceMetrics) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "surestock_commerce_calls",
        "Calls to the commerce platform, by how they ended.",
        labels=("verb", "outcome"),
    )
    for (verb, outcome), count in metrics.calls.items():
        calls.add_metric((verb, outcome), count)
    seconds = HistogramMetricFamily(
        "surestock_commerce_call_duration_seconds",
        "Time of one try of a call, with its wait for a place.",
        labels=("verb",),
    )
    for verb, observed in metrics.call_s.items():
        seconds.add_metric((verb,), observed.buckets(), sum_value=observed.total)
    yield calls
    yield seconds
