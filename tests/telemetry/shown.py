"""What an exposition shows, as a test looks at it."""

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from surestock.inventory.central import SyncStatus
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.metrics import Metrics


def in_sync(breaker_openings: int = 0, snapshots: int = 0) -> SyncStatus:
    return SyncStatus(
        alive=True,
        applied_sequence=7,
        lag_events=0,
        lag_seconds=0.0,
        snapshots=snapshots,
        dead_letters=0,
        breaker_openings=breaker_openings,
    )


def exposition_of(metrics: Metrics, breaker_openings: int = 0, snapshots: int = 0) -> Exposition:
    return Exposition(metrics, lambda: in_sync(breaker_openings, snapshots))


async def text_of(metrics: Metrics) -> str:
    return (await exposition_of(metrics).text()).decode()


def samples_in(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in families_in(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def families_in(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


async def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples called ``name``, by the values of their labels, sorted by their names."""
    found = {
        tuple(labels[label] for label in sorted(labels)): value
        for shown, labels, value in samples_in(await text_of(metrics))
        if shown == name
    }
    assert found, f"{name} is not shown"
    return found
