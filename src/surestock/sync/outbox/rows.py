"""Rows of the kept view, and the values that they are."""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from surestock.inventory.central import DeadLetter
from surestock.inventory.model import Level
from surestock.sync.changes import Position
from surestock.sync.letter import OPEN, Doubt, OpenLetter, letter_id, position_of
from surestock.sync.outbox.queue import KeptQueue

_NUL = "\0"
_SHOWN_NUL = "\N{SYMBOL FOR NULL}"


class DoubtRow(Struct, frozen=True):
    """What the tables say of a SKU in doubt. ``stop`` is where the letter stands that stops it."""

    sku: str
    stale: frozenset[str]
    stop: Position | None
    parked: int
    is_open: bool

    @property
    def is_draining(self) -> bool:
        """Whether changes are left to fold behind a letter that has had its end."""
        return self.stop is not None and not self.is_open


def row_of(doubt: Doubt) -> DoubtRow:
    """Return what the tables have to say of a SKU in doubt."""
    stop = doubt.stop
    if stop is None:
        return DoubtRow(doubt.sku, doubt.stale, None, 0, is_open=False)
    is_open = stop.letter.status in OPEN
    return DoubtRow(doubt.sku, doubt.stale, stop.position, len(stop.parked), is_open)


def letter_of(row: Mapping[str, Any] | asyncpg.Record, sku: str, parked: int = 0) -> DeadLetter:
    """Return the letter in a row."""
    return DeadLetter(
        letter_id((row["sequence"], row["idx"])),
        row["sequence"],
        row["store_id"],
        sku,
        row["status"],
        row["attempts"],
        row["error"],
        row["failed_at"],
        parked,
        row["reason"],
    )


def doubt_of(row: asyncpg.Record, first: Iterable[Position]) -> Doubt:
    """Return why a SKU is in doubt. ``first`` are the parked changes that are to be at hand."""
    sku, stale, parked = row["sku"], frozenset(row["stale"]), row["parked"]
    if row["sequence"] is None:
        return Doubt(sku, stale, None)
    at_hand = list(first)
    queue = KeptQueue(at_hand, parked - len(at_hand))
    return Doubt(sku, stale, OpenLetter(letter_of(row, sku), (row["sequence"], row["idx"]), queue))


def letter_columns(letter: DeadLetter) -> tuple[object, ...]:
    """Return what ``put_letter`` writes of a letter. Text here holds no NUL: it is shown as one."""
    return (
        *position_of(letter.id),
        letter.store_id.replace(_NUL, _SHOWN_NUL),
        letter.sku,
        letter.status,
        letter.attempts,
        letter.error.replace(_NUL, _SHOWN_NUL),
        letter.failed_at,
        None if letter.reason is None else letter.reason.replace(_NUL, _SHOWN_NUL),
    )


def doubt_columns(row: DoubtRow) -> tuple[object, ...]:
    """Return what ``put_doubt`` writes of a SKU in doubt."""
    sequence, index = (None, None) if row.stop is None else row.stop
    stale = sorted(store.replace(_NUL, _SHOWN_NUL) for store in row.stale)
    return row.sku, stale, sequence, index, row.parked, row.is_draining


def level_columns(levels: list[Level]) -> tuple[list[object], ...]:
    """Return what ``put_levels`` writes of levels, column by column."""
    return (
        [level.sku for level in levels],
        [level.store_id for level in levels],
        [level.on_hand for level in levels],
        [level.reserved for level in levels],
        [level.version for level in levels],
        [level.updated_at for level in levels],
    )


def unparked(letter: DeadLetter) -> DeadLetter:
    """Return the letter as its row has it: who waits behind it is counted elsewhere."""
    return replace(letter, parked=0) if letter.parked else letter
