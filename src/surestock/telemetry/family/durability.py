"""How changes are made durable, and how the start went."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from surestock.telemetry.family.shape import counters, gauges, histogram
from surestock.telemetry.metrics import Metrics


def durability_families(metrics: Metrics) -> Iterator[Metric]:
    """Yield every family about commits, whatever they are written to."""
    yield histogram(
        "surestock_commit_duration_seconds",
        "Time from handing a group commit over until it was durable.",
        metrics.commit_s,
    )
    yield histogram(
        "surestock_commit_batch_records", "Records in a group commit.", metrics.commit_records
    )
    yield histogram(
        "surestock_fsync_duration_seconds",
        "Time that the disk took to make a group commit durable.",
        metrics.fsync_s,
    )
    yield from counters(
        ("surestock_fs_retries", "Writes to the log that were tried again.", metrics.fs_retries),
        (
            "surestock_failed_commands",
            "Commands that could not be made durable.",
            metrics.failed_commands,
        ),
        (
            "surestock_expired_levels",
            "Levels on which the sweeper recorded expired reservations.",
            metrics.expired_levels,
        ),
        ("surestock_torn_tails", "Torn tails cut off at start.", metrics.torn_tails),
    )
    yield from gauges(
        ("surestock_recovery_seconds", "Time that the start took.", metrics.recovery_s)
    )
