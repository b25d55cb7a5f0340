"""The central view of the engine in memory: kept with each commit, so it is never behind."""

from sortedcontainers import SortedDict

from surestock.inventory.central import CentralPage, CentralStock, DeadLetter, Synced, SyncStatus
from surestock.inventory.model import Level
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind


class MemoryCentral:
    """Implements ``inventory.central.Central``. Nothing fails here, so nothing is ever parked."""

    def __init__(self) -> None:
        self._skus: SortedDict[str, dict[str, Level]] = SortedDict()
        self._sequence = 0

    def fold(self, sequence: int, levels: tuple[Level, ...]) -> None:
        """Take over the levels that the record with ``sequence`` left."""
        for level in levels:
            self._skus.setdefault(level.sku, {})[level.store_id] = level
        self._sequence = sequence

    async def sync(self) -> Synced:
        """Return at once: nothing is left to fold."""
        return Synced(0, 0, self._sequence)

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Return the SKU, or None, and the last sequence in the view.

        Raises :class:`CentralBehind` for a sequence that nobody was told, without a wait for it.
        """
        if min_sequence > self._sequence:
            raise CentralBehind(
                f"The central view is at sequence {self._sequence}, before {min_sequence}."
            )
        stores = self._skus.get(sku)
        return None if stores is None else _stock(sku, stores), self._sequence

    async def page(self, after: str, limit: int) -> CentralPage:
        """Return up to ``limit`` SKUs that sort after ``after``, in order."""
        start = self._skus.bisect_right(after)
        skus = self._skus.islice(start, start + limit)
        return CentralPage([_stock(sku, self._skus[sku]) for sku in skus], self._sequence)

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        """Return nothing."""
        del after, limit
        return []

    async def redrive(self, letter_id: str) -> DeadLetter:
        """Raise ``NotFound``."""
        raise NotFound(f"dead letter {letter_id}")

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        """Raise ``NotFound``."""
        del reason
        raise NotFound(f"dead letter {letter_id}")

    def status(self) -> SyncStatus:
        """Return that the view is kept, and not behind."""
        return SyncStatus(
            alive=True,
            applied_sequence=self._sequence,
            lag_events=0,
            lag_seconds=0.0,
            snapshots=0,
            dead_letters=0,
        )


def _stock(sku: str, stores: dict[str, Level]) -> CentralStock:
    return CentralStock(sku, tuple(stores[store_id] for store_id in sorted(stores)))
