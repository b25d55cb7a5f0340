"""The contract's JSON counters, added up from the families: so both forms tell the same."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from prometheus_client.metrics_core import Metric

_REQUESTS = "surestock_http_requests_total"
_SUMS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "requests": ((_REQUESTS, ""),),
    "errors": ((_REQUESTS, "5"),),
    "conflicts": ((_REQUESTS, "409"), ("surestock_batch_rows_total", "409")),
    "idempotentHits": (("surestock_idempotent_hits_total", ""),),
    "rateLimited": (("surestock_rate_limited_total", ""),),
    "shed": (("surestock_shed_total", ""),),
    "breakerOpen": (("surestock_breaker_openings_total", ""),),
    "fsRetries": (("surestock_fs_retries_total", ""),),
    "snapshots": (("surestock_snapshots_total", ""),),
    "lockAcquired": (("surestock_lock_acquired_total", ""),),
    "lockContended": (("surestock_lock_contended_total", ""),),
    "lockStolen": (("surestock_lock_stolen_total", ""),),
    "lockExpired": (("surestock_lock_expired_total", ""),),
    "lockLost": (("surestock_lock_lost_total", ""),),
    "lockReleaseFailures": (("surestock_lock_release_failures_total", ""),),
}
"""Which samples a counter is the sum of: those of a name whose status begins so."""


def counters_of(families: Iterable[Metric]) -> dict[str, int]:
    """Return the JSON counters of what ``families`` tell."""
    totals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for family in families:
        for sample in family.samples:
            totals[sample.name][sample.labels.get("status", "")] += sample.value
    return {
        counter: int(
            sum(
                value
                for name, begin in added
                for status, value in totals[name].items()
                if status.startswith(begin)
            )
        )
        for counter, added in _SUMS.items()
    }
