"""The central view without a worker: folded by the worker's own code, and kept in memory only."""

from collections.abc import Iterable
from pathlib import Path

from surestock.engine.log import LogConfig
from surestock.inventory.central import CentralStock, DeadLetter
from surestock.journal.scan import FROM_THE_FIRST, LogStart, Scan, TornTail
from surestock.kit.clock import Clock
from surestock.runtime.offline.collector import without_collector
from surestock.snapshot import newest_snapshot
from surestock.sync.decisions import read_decisions
from surestock.sync.reread import StoredRecords
from surestock.sync.view import CentralView

_PAGE = 1000


class _Undecided:
    """Where nothing is decided, because whoever looks must not change what is kept."""

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Refuse."""
        raise AssertionError(f"nobody may decide here about {list(letters)}")


def new_view(config: LogConfig, clock: Clock, decided: Iterable[DeadLetter]) -> CentralView:
    """Return an empty view over a log, with the letters that were decided about."""
    stored = StoredRecords(config.directory, config.archive)
    return CentralView(_Undecided(), stored.read, clock.now, decided)


def all_stocks(view: CentralView) -> Iterable[CentralStock]:
    """Yield every SKU of a view, in order."""
    after = ""
    while page := view.page(after, _PAGE):
        yield from page
        after = page[-1].sku


def read_central(directory: Path, clock: Clock) -> tuple[list[CentralStock], TornTail | None]:
    """Return every SKU over all stores, in order, and the torn tail.

    Only what follows the newest snapshot is read of the log. Raises a ``JournalError``,
    ``CentralDamaged`` or ``CannotFold``.
    """
    config = LogConfig(directory)
    view = new_view(config, clock, read_decisions(config.central))
    with without_collector():
        start = FROM_THE_FIRST
        snapshot = newest_snapshot(config.snapshots)
        if snapshot is not None:
            view.seed(snapshot.sequence, snapshot.levels)
            start = LogStart(snapshot.sequence, snapshot.crc)
        scan = Scan(config.directory, config.archive, start)
        for _, commit in scan:
            view.apply(commit.records)
        return list(all_stocks(view)), scan.torn
