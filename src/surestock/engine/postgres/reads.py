"""What is read of the PostgreSQL engine: committed state, in one snapshot each.

What is due is taken off, as everywhere. But somebody may have ended or extended such a reservation
in time, and be about to commit that. So whoever sees something due waits for those who have its
levels locked, and looks again: what is due then is due for everybody.
"""

from asyncio import Future
from collections.abc import Iterable
from datetime import datetime
from functools import partial

import asyncpg
from msgspec import Struct

from surestock.database import named_statements
from surestock.engine.postgres.loaded import Loaded
from surestock.engine.postgres.loading import (
    columns,
    decode_record,
    decode_reservation,
    document_of,
)
from surestock.engine.postgres.reader import Reader
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.due import as_of, without_due
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.refusals import RecordsDeleted
from surestock.kit.clock import Clock
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record

SQL = named_statements("surestock.engine.postgres", "reads.sql")


class _Seen(Struct, frozen=True):
    """A level as it stands on record, and the reservations that are due on it."""

    level: Level
    due: list[Reservation]

    def shown(self, now: datetime) -> Level:
        """Return the level without what is due."""
        if not self.due:
            return self.level
        view = Loaded()
        view.put_reservations((), self.due)
        return without_due(view, self.level, now)


class _Gathering:
    """Levels that are looked up together, and where they will be."""

    __slots__ = ("found", "keys")

    def __init__(self) -> None:
        self.keys: set[StockKey] = set()
        self.found: Future[dict[StockKey, Level]] | None = None


class PostgresReads:
    """The reading half of :class:`~surestock.engine.postgres.PostgresEngine`."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._gathering: _Gathering | None = None

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None.

        Those that are asked for while all connections are busy are looked up together.
        """
        gathering = self._gathering
        if gathering is None:
            gathering = _Gathering()
            gathering.found = self._reader.put(partial(self._read_gathered, gathering))
            self._gathering = gathering
        gathering.keys.add(key)
        assert gathering.found is not None
        return (await self._reader.answer(gathering.found)).get(key)

    async def _read_gathered(
        self, gathering: _Gathering, connection: asyncpg.Connection
    ) -> dict[StockKey, Level]:
        if self._gathering is gathering:
            self._gathering = None
        return await self._read_levels(connection, list(gathering.keys))

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""

        async def read(connection: asyncpg.Connection) -> list[Level]:
            now = self._clock.now()
            rows = await connection.fetch(SQL["page_of_levels"], store_id, after, now, limit)
            seen = [_seen(row) for row in rows]
            found = await self._settled(connection, seen)
            return [found[it.level.key] for it in seen]

        return await self._reader.ask(read)

    async def _read_levels(
        self, connection: asyncpg.Connection, keys: list[StockKey]
    ) -> dict[StockKey, Level]:
        """Return the levels of ``keys`` that are there, without what is due."""
        now = self._clock.now()
        rows = await connection.fetch(SQL["levels"], *columns(keys), now)
        return await self._settled(connection, [_seen(row) for row in rows])

    async def _settled(
        self, connection: asyncpg.Connection, seen: list[_Seen]
    ) -> dict[StockKey, Level]:
        """Return levels as they are shown; those on which something is due, looked at again."""
        now = self._clock.now()
        found = {it.level.key: it.shown(now) for it in seen if not it.due}
        due = sorted(it.level.key for it in seen if it.due)
        if due:
            await _wait_for_those_who_change(connection, due)
            now = self._clock.now()
            rows = await connection.fetch(SQL["levels"], *columns(due), now)
            found.update((it.level.key, it.shown(now)) for it in map(_seen, rows))
        return found

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""

        async def read(connection: asyncpg.Connection) -> Reservation | None:
            held = await _reservation(connection, reservation_id)
            if held is None or not held.is_due(self._clock.now()):
                return held
            keys = sorted({line.key for line in held.lines})
            await _wait_for_those_who_change(connection, keys)
            now = self._clock.now()
            held = await _reservation(connection, reservation_id)
            return held and as_of(held, now)

        return await self._reader.ask(read)

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""

        async def read(connection: asyncpg.Connection) -> Document | None:
            row = await connection.fetchrow(SQL["document"], *key)
            return None if row is None else document_of(row)

        return await self._reader.ask(read)

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""

        async def read(connection: asyncpg.Connection) -> list[Document]:
            rows = await connection.fetch(SQL["page_of_documents"], kind, after, limit)
            return [document_of(row) for row in rows]

        return await self._reader.ask(read)

    async def due_levels(self, limit: int) -> list[StockKey]:
        """Return up to ``limit`` levels on which a reservation is due."""

        async def read(connection: asyncpg.Connection) -> list[StockKey]:
            rows = await connection.fetch(SQL["due_levels"], self._clock.now(), limit)
            return [(row["store_id"], row["sku"]) for row in rows]

        return await self._reader.ask(read)

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` records with a sequence above ``after``, in order.

        Raises ``RecordsDeleted`` when the log was moved here without its beginning.
        """

        async def read(connection: asyncpg.Connection) -> list[Record]:
            await _check_reach(connection, after)
            rows = await connection.fetch(SQL["records"], after, limit)
            return [decode_record(row["body"]) for row in rows]

        return await self._reader.ask(read)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""

        async def read(connection: asyncpg.Connection) -> list[HistoryEntry]:
            await _check_reach(connection, after)
            version = await _version_after(connection, key, after)
            rows = await connection.fetch(SQL["history"], *key, version, limit)
            records = [decode_record(row["body"]) for row in rows]
            return [entry for record in records for entry in explain(record, key)]

        return await self._reader.ask(read)


def _seen(row: asyncpg.Record) -> _Seen:
    *columns_of_level, due = row
    return _Seen(Level(*columns_of_level), [decode_reservation(body) for body in due or ()])


async def _reservation(connection: asyncpg.Connection, reservation_id: str) -> Reservation | None:
    body = await connection.fetchval(SQL["reservation"], reservation_id)
    return None if body is None else decode_reservation(body)


async def _wait_for_those_who_change(
    connection: asyncpg.Connection, keys: Iterable[StockKey]
) -> None:
    await connection.fetch(SQL["settle_levels"], *columns(list(keys)))


async def _check_reach(connection: asyncpg.Connection, after: int) -> None:
    deleted_through = await connection.fetchval(SQL["deleted_through"])
    if after < deleted_through:
        raise RecordsDeleted(deleted_through + 1)


async def _version_after(connection: asyncpg.Connection, key: StockKey, after: int) -> int:
    """Return the first version of a level that a record after ``after`` gave it.

    Versions and sequences grow together, so it is found by halving.
    """
    low = await connection.fetchval(SQL["oldest_version"], *key)
    high = await connection.fetchval(SQL["newest_version"], *key)
    if low is None or high is None:
        return 0
    high += 1
    while after and low < high:
        middle = (low + high) // 2
        sequence = await connection.fetchval(SQL["sequence_of_version"], *key, middle)
        if sequence <= after:
            low = middle + 1
        else:
            high = middle
    return int(low)
