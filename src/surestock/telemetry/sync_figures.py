"""How the central view is kept, as metrics. Who keeps it is known above; here are the numbers."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric


class SyncFigures(Protocol):
    """What is told of the central view."""

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
    def dead_letters(self) -> int:
        """Changes that are parked."""
        ...


def sync_families(figures: SyncFigures) -> Iterator[Metric]:
    """Yield every family about the central view."""
    for name, told, value in (
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
    ):
        yield GaugeMetricFamily(name, told, value=value)
    yield CounterMetricFamily("surestock_snapshots", "Snapshots taken.", value=figures.snapshots)
