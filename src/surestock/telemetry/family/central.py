"""How the central view is kept, as metrics. Who keeps it is known above; here are the numbers."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.metrics_core import Metric

from surestock.telemetry.family.shape import counters, gauges


class SyncFigures(Protocol):
    """What is told of the central view."""

    @property
    def alive(self) -> bool:
        """Whether somebody keeps it."""
        ...

    @property
    def applied_sequence(self) -> int:
        """The last sequence that was folded into it."""
        ...

    @property
    def lag_events(self) -> int:
        """Records that are durable and not folded."""
        ...

    @property
    def lag_seconds(self) -> float:
        """How old the oldest of them is."""
        ...

    @property
    def snapshots(self) -> int:
        """Snapshots taken since the process started."""
        ...

    @property
    def breaker(self) -> str:
        """Whether its keeper is asked: closed, open or half_open."""
        ...

    @property
    def breaker_openings(self) -> int:
        """How often that breaker opened."""
        ...

    @property
    def dead_letters(self) -> int:
        """Changes that are parked."""
        ...


def central_families(figures: SyncFigures) -> Iterator[Metric]:
    """Yield every family about the central view."""
    yield from gauges(
        ("surestock_worker_up", "Whether a sync worker is there: 1 or 0.", figures.alive),
        (
            "surestock_sync_applied_sequence",
            "Last sequence in the central view.",
            figures.applied_sequence,
        ),
        (
            "surestock_sync_lag_events",
            "Durable records that are not in the central view.",
            figures.lag_events,
        ),
        (
            "surestock_sync_lag_seconds",
            "Age of the oldest record that is not in the central view.",
            figures.lag_seconds,
        ),
        ("surestock_dead_letters", "Changes that are parked.", figures.dead_letters),
    )
    yield from counters(("surestock_snapshots", "Snapshots taken.", figures.snapshots))
