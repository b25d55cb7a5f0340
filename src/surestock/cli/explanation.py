"""The events of one level, told as a table."""

from collections import deque
from collections.abc import Callable, Iterable

import typer
from msgspec import UNSET, Struct
from rich.console import Console
from rich.table import Table

from surestock.cli.failing import IMPOSSIBLE, fail, printable, tell
from surestock.cli.place import Place
from surestock.inventory.model import Level, StockKey
from surestock.ledger.history import HistoryEntry
from surestock.runtime.offline import (
    deleted_through,
    existing_event_log,
    read_base_level,
    read_history,
)

_PIPE_WIDTH = 200


class _Told(Struct, frozen=True):
    """What some place tells of a level. ``deleted`` and ``base`` are asked after ``entries``."""

    where: str
    entries: Iterable[HistoryEntry]
    deleted: Callable[[], int]
    base: Callable[[], Level | None]


def explain_level(place: Place, key: StockKey, last: int) -> None:
    """Print the ``last`` events of a level (0: all of them), and the level that they lead to.

    Raises ``NoEventLog``, a ``JournalError``, a ``DatabaseError`` or ``OSError``.
    """
    count = 0
    entries: deque[HistoryEntry] = deque(maxlen=last or None)
    told = _told_by(place, key)
    for entry in told.entries:
        entries.append(entry)
        count += 1
    store_id, sku = (printable(part) for part in key)
    deleted = told.deleted()
    if not entries:
        _explain_without_events(told, (store_id, sku), deleted)
        return
    if deleted:
        tell(
            f"note: the events of records 1 to {deleted:,} were deleted (ARCHIVE=off). What they "
            "did is in the first level that is shown."
        )
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    if count > len(entries):
        typer.echo(f"{count - len(entries):,} earlier events are not shown (--last 0 shows all).")
    console.print(_table(entries, f"SKU {sku} in store {store_id}"))
    final = entries[-1]
    typer.echo(
        f"{final.qty} available = {final.on_hand} on-hand − {final.reserved} reserved, "
        f"at version {final.version}, after {count:,} events"
    )


def _told_by(place: Place, key: StockKey) -> _Told:
    if place.database_url is not None:
        from surestock.cli.table_reading import ask_history  # noqa: PLC0415 - a driver is paid for

        found = ask_history(place.database_url, key)
        return _Told("the database", found.entries, lambda: found.deleted, lambda: found.base)
    directory = existing_event_log(place.data_dir)
    return _Told(
        str(place.data_dir),
        read_history(directory, key),
        lambda: deleted_through(directory),
        lambda: read_base_level(directory, key),
    )


def _explain_without_events(told: _Told, named: StockKey, deleted: int) -> None:
    """Say what is known of a level of which there is no event: nothing, or what is left."""
    store_id, sku = named
    level = told.base() if deleted else None
    if level is None:
        fail(f"There is no SKU {sku} in store {store_id} of {told.where}.", IMPOSSIBLE)
    tell(f"note: all events of SKU {sku} in store {store_id} were deleted (ARCHIVE=off).")
    typer.echo(
        f"{level.available} available = {level.on_hand} on-hand − {level.reserved} reserved, at "
        f"version {level.version}, as the snapshot says; last changed at {level.updated_at}"
    )


def _table(entries: deque[HistoryEntry], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("sequence", "time", "actor", "event", "on-hand", "reserved", "why"):
        table.add_column(name, overflow="fold")
    for after in ("on-hand after", "reserved after", "available"):
        table.add_column(after, justify="right")
    for entry in entries:
        table.add_row(
            str(entry.sequence),
            f"{entry.ts:%Y-%m-%d %H:%M:%S.%f}Z",
            printable(entry.actor),
            entry.type,
            _change(entry.on_hand_delta),
            _change(entry.reserved_delta),
            _why(entry),
            str(entry.on_hand),
            str(entry.reserved),
            str(entry.qty),
        )
    return table


def _change(units: int) -> str:
    return f"{units:+}" if units else ""


def _why(entry: HistoryEntry) -> str:
    said = (
        ("reason", entry.reason),
        ("reference", entry.reference),
        ("reservation", entry.reservation_id),
    )
    return ", ".join(f"{name} {printable(text)}" for name, text in said if text is not UNSET)
