"""What the log says: every level, or why one of them is what it is."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import DecodeError, ValidationError

from surestock.engine.log import LogConfig
from surestock.engine.log.recovery import Replay, decode_records
from surestock.engine.state import State, TimedView
from surestock.engine.timers import Timers
from surestock.idempotency import NoKeys
from surestock.inventory.due import without_due
from surestock.inventory.model import Level, StockKey
from surestock.journal.errors import JournalDamaged
from surestock.journal.scan import FROM_THE_FIRST, LogStart, Scan, TornTail
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record
from surestock.runtime.offline.beginning import log_beginning, oldest_base
from surestock.runtime.offline.collector import without_collector
from surestock.snapshot import newest_snapshot


def read_levels(directory: Path, now: datetime) -> tuple[list[Level], TornTail | None]:
    """Return every level as it counts at ``now``, sorted by store and SKU, and the torn tail.

    Only what follows the newest snapshot is read of the log. Raises a ``JournalError``.
    """
    config = LogConfig(directory)
    state = State()
    fold = Replay(state, NoKeys())
    with without_collector():
        start = FROM_THE_FIRST
        snapshot = newest_snapshot(config.snapshots)
        if snapshot is not None:
            fold.begin_at(snapshot)
            start = LogStart(snapshot.sequence, snapshot.crc)
        scan = Scan(config.directory, config.archive, start)
        for place, commit in scan:
            fold.line(place, commit)
        timers = Timers(state.reservation)
        timers.add_all(state.reservations.values())
        view = TimedView(state, timers)
        return [without_due(view, level, now) for level in state.in_order()], scan.torn


def read_history(directory: Path, key: StockKey) -> Iterator[HistoryEntry]:
    """Yield what each record did to the level of ``key``. Raises a ``JournalError``."""
    config = LogConfig(directory)
    # Every record that touches a level tells it afterwards, so its line holds the SKU as a string.
    for record in records_with(config, f'"sku":"{key[1]}"'.encode(), log_beginning(config)):
        yield from explain(record, key)


def read_base_level(directory: Path, key: StockKey) -> Level | None:
    """Return the level of ``key`` before the first record of a log that begins late, or None.

    Raises a ``JournalError``.
    """
    config = LogConfig(directory)
    base = oldest_base(config, log_beginning(config))
    return next((it for it in base.levels if it.key == key), None) if base else None


def records_with(config: LogConfig, needle: bytes, start: LogStart) -> Iterator[Record]:
    """Yield the records of all lines after ``start`` that hold ``needle``.

    Raises a ``JournalError``.
    """
    for place, commit in Scan(config.directory, config.archive, start):
        encoded = bytes(commit.records)
        if needle in encoded:
            try:
                records = decode_records(encoded)
            except (ValidationError, DecodeError) as error:
                raise JournalDamaged(place.segment, place.line, place.offset, str(error)) from error
            yield from records


def deleted_through(directory: Path) -> int:
    """Return the last record that the log held once and holds no more, 0 when it holds all.

    Raises a ``JournalError``.
    """
    return log_beginning(LogConfig(directory)).sequence
