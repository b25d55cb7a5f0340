"""Leases between processes, and their turns at the log."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from surestock.telemetry.family.shape import counters
from surestock.telemetry.locks import LockMetrics


def lock_families(locks: LockMetrics) -> Iterator[Metric]:
    """Yield every family about what several processes share. All stay 0 where one is alone."""
    yield from counters(
        ("surestock_lock_acquired", "Leases that were taken.", locks.acquired),
        ("surestock_lock_contended", "Leases that another process had.", locks.contended),
        (
            "surestock_lock_stolen",
            "Leases that were taken over from another process after their time.",
            locks.stolen,
        ),
        (
            "surestock_lock_expired",
            "Leases that ran out before they were released or renewed.",
            locks.expired,
        ),
        ("surestock_lock_lost", "Leases that another process took over.", locks.lost),
        (
            "surestock_lock_release_failures",
            "Leases that could not be released.",
            locks.release_failures,
        ),
        (
            "surestock_lock_fallbacks",
            "Changes without a lease, because the lock directory could not be used.",
            locks.fallbacks,
        ),
        ("surestock_writer_turns", "How often the process had the writer lock.", locks.turns),
        (
            "surestock_followed_records",
            "Records of other processes that were taken over from the log.",
            locks.followed_records,
        ),
    )
