"""The central view when nobody keeps it: every question gets the same answer."""

from surestock.inventory.central import CentralPage, CentralStock, DeadLetter, Synced, SyncStatus
from surestock.inventory.unavailable import CentralBehind


class NoWorker:
    """Implements ``inventory.central.Central`` by raising :class:`CentralBehind`."""

    async def sync(self) -> Synced:
        """Raise."""
        raise _refusal()

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Raise."""
        del sku, min_sequence
        raise _refusal()

    async def page(self, after: str, limit: int) -> CentralPage:
        """Raise."""
        del after, limit
        raise _refusal()

    async def dead_letters(self) -> list[DeadLetter]:
        """Raise."""
        raise _refusal()

    async def redrive(self, letter_id: str) -> DeadLetter:
        """Raise."""
        del letter_id
        raise _refusal()

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        """Raise."""
        del letter_id, reason
        raise _refusal()

    def status(self) -> SyncStatus:
        """Return that nobody is there."""
        return SyncStatus(
            alive=False,
            applied_sequence=0,
            lag_events=0,
            lag_seconds=0.0,
            snapshots=0,
            dead_letters=0,
        )


def _refusal() -> CentralBehind:
    return CentralBehind("No sync worker is running.")
