"""What the tables say: every level, or why one of them is what it is."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

import asyncpg
from msgspec import json

from surestock.database import named_statements
from surestock.engine.state import State, TimedView
from surestock.engine.timers import Timers
from surestock.inventory.central import CentralStock
from surestock.inventory.due import without_due
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record
from surestock.runtime.offline.tables.base import read_base
from surestock.runtime.offline.tables.session import pages

_SQL = named_statements("surestock.runtime.offline.tables", "read.sql")
_decode_reservation = json.Decoder(Reservation).decode
_decode_record = json.Decoder(Record).decode


class TablesReader:
    """Reads through ``connection``, which sees one snapshot. Raises what that raises."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def levels(self, now: datetime) -> list[Level]:
        """Return every level as it counts at ``now``, sorted by store and SKU."""
        state = State()
        for row in await self._connection.fetch(_SQL["due"], now):
            held = _decode_reservation(row["body"])
            state.reservations[held.reservation_id] = held
        timers = Timers(state.reservation)
        timers.add_all(state.reservations.values())
        view = TimedView(state, timers)
        levels = await self._all("levels_in_order")
        return [without_due(view, level, now) for level in levels] if state.reservations else levels

    async def central(self) -> list[CentralStock]:
        """Return every SKU over all stores, in order, level with the last record."""
        levels = await self._all("levels_by_sku")
        return [
            CentralStock(sku, tuple(those))
            for sku, those in groupby(levels, key=lambda level: level.sku)
        ]

    async def history(self, key: StockKey) -> list[HistoryEntry]:
        """Return what each record did to the level of ``key``, oldest first."""
        entries: list[HistoryEntry] = []
        async for page in pages(self._connection, _SQL["history"], *key):
            entries += _explained((row["body"] for row in page), key)
        return entries

    async def deleted_through(self) -> int:
        """Return the last record that was deleted, 0 when there are all."""
        head = await self._connection.fetchrow(_SQL["head"])
        return 0 if head is None else int(head["deleted_through"])

    async def base_level(self, key: StockKey) -> Level | None:
        """Return the level of ``key`` before the first record, when those before were deleted."""
        base = await read_base(self._connection)
        return next((it for it in base.levels if it.key == key), None) if base else None

    async def _all(self, name: str) -> list[Level]:
        return [Level(*row) async for page in pages(self._connection, _SQL[name]) for row in page]


def _explained(bodies: Iterator[str], key: StockKey) -> Iterator[HistoryEntry]:
    for body in bodies:
        yield from explain(_decode_record(body), key)
