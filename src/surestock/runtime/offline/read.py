"""What the log says: every level, or why one of them is what it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import DecodeError, ValidationError

from surestock.engine.log.recovery import decode_records, replay
from surestock.engine.state import State, TimedView
from surestock.engine.timers import Timers
from surestock.idempotency import KeyIndex
from surestock.inventory.due import without_due
from surestock.inventory.history import HistoryEntry, explain
from surestock.inventory.model import Level, StockKey
from surestock.inventory.record import Record
from surestock.journal.errors import JournalDamaged
from surestock.journal.read import SparseIndex
from surestock.journal.scan import Scan, TornTail
from surestock.runtime.offline.collector import without_collector


def read_levels(directory: Path, now: datetime) -> tuple[list[Level], TornTail | None]:
    """Return every level as it counts at ``now``, sorted by store and SKU, and the torn tail.

    Raises a ``JournalError``.
    """
    scan, state = Scan(directory), State()
    with without_collector():
        replay(scan, state, KeyIndex(timedelta(days=1)), SparseIndex())
        timers = Timers(state.reservation)
        timers.add_all(state.reservations.values())
        view = TimedView(state, timers)
        levels = (level for _, level in sorted(state.levels.items()))
        return [without_due(view, level, now) for level in levels], scan.torn


def read_history(directory: Path, key: StockKey) -> Iterator[HistoryEntry]:
    """Yield what each record did to the level of ``key``. Raises a ``JournalError``."""
    # Every record that touches a level tells it afterwards, so its line holds the SKU as a string.
    for record in records_with(directory, f'"sku":"{key[1]}"'.encode()):
        yield from explain(record, key)


def records_with(directory: Path, needle: bytes) -> Iterator[Record]:
    """Yield the records of all lines that hold ``needle``. Raises a ``JournalError``."""
    for place, commit in Scan(directory):
        encoded = bytes(commit.records)
        if needle in encoded:
            try:
                records = decode_records(encoded)
            except (ValidationError, DecodeError) as error:
                raise JournalDamaged(place.segment, place.line, place.offset, str(error)) from error
            yield from records
