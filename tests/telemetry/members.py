"""Processes of one service, as far as their metrics go: in this process, or each for itself."""

from pathlib import Path

import msgspec

from surestock.kit.clock import Clock
from surestock.telemetry.log import make_log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.shared_metrics import SharedMetrics
from tests.telemetry.shown import exposition_of, samples_in

Labels = tuple[tuple[str, str], ...]


class Member:
    """One process: its numbers, and what it answers for all."""

    def __init__(self, folder: Path, slot: int, clock: Clock, snapshots: int = 0) -> None:
        self.metrics = Metrics()
        self.lines: list[bytes] = []
        log = make_log(self.lines.append, clock, "info")
        shown = exposition_of(self.metrics, snapshots=snapshots)
        self.shared = SharedMetrics(folder, slot, shown, clock, log)

    async def samples(self) -> dict[tuple[str, Labels], float]:
        """Return all that it answers, by name and labels, as Prometheus's parser reads it."""
        text = (await self.shared.text()).decode()
        found = list(samples_in(text))
        by_key = {(name, tuple(sorted(labels.items()))): value for name, labels, value in found}
        assert len(by_key) == len(found), "a sample is told twice"
        return by_key

    async def value(self, name: str, **labels: str) -> float:
        """Return one sample of what it answers."""
        return (await self.samples())[name, tuple(sorted(labels.items()))]

    def told(self) -> list[str]:
        """Return what it logged."""
        return [msgspec.json.decode(line)["event"] for line in self.lines]
