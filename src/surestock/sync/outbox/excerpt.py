"""A part of the kept view: the SKUs that some changes are about, read, changed and written back.

The changes are made by the same :class:`CentralView` that folds the log in memory, so there is one
set of rules. Here is only what it knows before, and what has become different after.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import asyncpg

from surestock.inventory.central import DeadLetter
from surestock.inventory.model import Level
from surestock.sync.changes import Change, Position
from surestock.sync.check import Check
from surestock.sync.errors import FoldError
from surestock.sync.letter import Doubt
from surestock.sync.outbox.head import SQL, Head
from surestock.sync.outbox.queue import KeptQueue
from surestock.sync.outbox.rows import (
    DoubtRow,
    doubt_columns,
    doubt_of,
    letter_columns,
    level_columns,
    row_of,
    unparked,
)
from surestock.sync.outbox.storable import is_storable_text
from surestock.sync.view import CentralView

TRIES = 3


class InTransaction:
    """Where decisions go: they are written with everything else, or nothing is."""

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Do nothing: the letters are found in the view when it is written back."""


class Excerpt:
    """``view`` as it was read, to be changed; :meth:`save` then writes what is different."""

    def __init__(
        self,
        head: Head,
        levels: Iterable[Level],
        doubts: Iterable[Doubt],
        bodies: Mapping[int, str],
        now: Callable[[], datetime],
        check: Check,
    ) -> None:
        self._head = head
        self._levels = {level.key: level for level in levels}
        kept = list(doubts)
        self._doubts = {doubt.sku: row_of(doubt) for doubt in kept}
        stops = [doubt.stop for doubt in kept if doubt.stop is not None]
        self._letters = {stop.letter.id: stop.letter for stop in stops}
        self._queues = {stop.letter.sku: stop.parked for stop in stops}
        self._bodies = bodies
        self.view = CentralView(InTransaction(), self._read, now, (), TRIES, check)
        self.view.resume(head.sequence, self._levels.values(), kept)

    def _read(self, sequence: int) -> bytes:
        body = self._bodies.get(sequence)
        if body is None:
            raise FoldError(f"record {sequence} is no longer in the log")
        return body.encode()

    async def save(
        self, connection: asyncpg.Connection, skus: Iterable[str], stopped: str | None
    ) -> Head:
        """Write what is different of ``skus``; return the head that goes with it."""
        named = set(skus)
        doubts = {sku: row_of(doubt) for sku in named if (doubt := self.view.doubt(sku))}
        await self._save_levels(connection, named)
        await self._save_queues(connection, named)
        await self._save_doubts(connection, doubts)
        return Head(
            self.view.applied_sequence,
            self._head.opened_letters + self.view.opened_letters,
            self._head.open_letters + _more(self._doubts, doubts, lambda it: it.is_open),
            self._head.draining + _more(self._doubts, doubts, lambda it: it.is_draining),
            stopped,
        )

    async def _save_levels(self, connection: asyncpg.Connection, skus: set[str]) -> None:
        stocks = filter(None, map(self.view.find, sorted(skus)))
        levels = [it for stock in stocks for it in stock.levels if self._levels.get(it.key) != it]
        if levels:
            await connection.execute(SQL["put_levels"], *level_columns(levels))

    async def _save_doubts(
        self, connection: asyncpg.Connection, doubts: Mapping[str, DoubtRow]
    ) -> None:
        letters = [unparked(letter) for letter in self.view.letters()]
        changed = [letter for letter in letters if self._letters.get(letter.id) != letter]
        if changed:
            await connection.executemany(SQL["put_letter"], map(letter_columns, changed))
        new = [row for sku, row in doubts.items() if self._doubts.get(sku) != row]
        if new:
            await connection.executemany(SQL["put_doubt"], map(doubt_columns, new))
        gone = [sku for sku in self._doubts if sku not in doubts]
        if gone:
            await connection.execute(SQL["drop_doubts"], gone)

    async def _save_queues(self, connection: asyncpg.Connection, skus: set[str]) -> None:
        taken = [
            (sku, *queue.taken)
            for sku, queue in self._queues.items()
            if isinstance(queue, KeptQueue) and queue.taken is not None
        ]
        if taken:
            await connection.executemany(SQL["unpark"], taken)
        doubts = filter(None, map(self.view.doubt, skus))
        parked = [
            (doubt.sku, *position)
            for doubt in doubts
            if doubt.stop is not None
            for position in doubt.stop.parked.new()
        ]
        if parked:
            await connection.execute(SQL["park"], *map(list, zip(*parked, strict=True)))


def _more(
    before: Mapping[str, DoubtRow],
    after: Mapping[str, DoubtRow],
    counts: Callable[[DoubtRow], bool],
) -> int:
    return sum(map(counts, after.values())) - sum(map(counts, before.values()))


async def read_levels(connection: asyncpg.Connection, changes: Iterable[Change]) -> list[Level]:
    """Return the levels of the view that changes are about, as far as there are any."""
    keys = {
        (change.store_id, change.sku) for change in changes if is_storable_text(change.store_id)
    }
    stores, skus = [store for store, _ in keys], [sku for _, sku in keys]
    return [Level(*row) for row in await connection.fetch(SQL["levels"], stores, skus)]


async def read_doubts(
    connection: asyncpg.Connection, skus: Iterable[str], at_hand: int = 0
) -> list[Doubt]:
    """Return which of ``skus`` are in doubt, with up to ``at_hand`` parked changes of each."""
    wanted = list(skus)
    first: dict[str, list[Position]] = {}
    if at_hand:
        parked = await connection.fetch(SQL["parked"], wanted, at_hand)
        for sku, those in groupby(parked, key=itemgetter("sku")):
            first[sku] = [(row["sequence"], row["idx"]) for row in those]
    rows = await connection.fetch(SQL["doubts"], wanted)
    return [doubt_of(row, first.get(row["sku"], ())) for row in rows]
