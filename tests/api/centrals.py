"""Central views in trouble: one that is behind and diverged, and one that nobody keeps."""

from datetime import UTC, datetime

from msgspec.structs import replace

from surestock.engine.memory.central import MemoryCentral
from surestock.inventory.central import (
    CentralPage,
    CentralStock,
    DeadLetter,
    LetterStatus,
    Synced,
    SyncStatus,
)
from surestock.inventory.model import Level
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind

FAILED_AT = datetime(2026, 1, 1, tzinfo=UTC)


class TroubledCentral(MemoryCentral):
    """A view that lags, is diverged, and has one dead letter."""

    def __init__(self) -> None:
        super().__init__()
        self.letter_status: LetterStatus = "dead"
        self.reason: str | None = None

    def letter(self) -> DeadLetter:
        return DeadLetter(
            *("4.0", 4, "berlin", "apple", self.letter_status, 3, "no such version", FAILED_AT),
            parked=2,
            reason=self.reason,
        )

    async def sync(self) -> Synced:
        return Synced(7, 1, 11)

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        del min_sequence
        level = Level("berlin", sku, 5, 0, 1, FAILED_AT)
        return CentralStock(sku, (level,), diverged=True), 11

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        return [] if after else [self.letter()][:limit]

    async def redrive(self, letter_id: str) -> DeadLetter:
        if letter_id != "4.0":
            raise NotFound(f"dead letter {letter_id}")
        self.letter_status = "redriven"
        return self.letter()

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        if letter_id != "4.0":
            raise NotFound(f"dead letter {letter_id}")
        self.letter_status, self.reason = "discarded", reason
        return self.letter()

    def status(self) -> SyncStatus:
        return SyncStatus(
            alive=False,
            applied_sequence=11,
            lag_events=4,
            lag_seconds=2.5,
            snapshots=3,
            dead_letters=1,
        )


class CrowdedCentral(TroubledCentral):
    """A view with the dead letters 1.0 to 1000.0 and one more; ``asked`` are the limits."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        self.asked.append(limit)
        first = int(after.removesuffix(".0") or 0) + 1
        sequences = range(first, 1002)[:limit]
        return [replace(self.letter(), id=f"{it}.0", sequence=it) for it in sequences]


class AbsentCentral(MemoryCentral):
    """Nobody keeps this view."""

    def _behind(self) -> CentralBehind:
        return CentralBehind("No sync worker is running.")

    async def sync(self) -> Synced:
        raise self._behind()

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        raise self._behind()

    async def page(self, after: str, limit: int) -> CentralPage:
        raise self._behind()

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        raise self._behind()

    async def redrive(self, letter_id: str) -> DeadLetter:
        raise self._behind()

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        raise self._behind()
