"""Levels, as they are read: committed state, in one snapshot, without what is due.

But somebody may have ended or extended a reservation that is due in time, and be about to commit
that. So whoever sees something due waits for those who have its levels locked, and looks again:
what is due then is due for everybody.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

import asyncpg
from msgspec import Struct

from surestock.database import named_statements
from surestock.engine.postgres.loaded import Loaded
from surestock.engine.postgres.loading import columns, decode_reservation
from surestock.engine.postgres.reader import Question, Reader
from surestock.inventory.due import without_due
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.kit.clock import Clock

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
        self.found: Question[dict[StockKey, Level]] | None = None


class LevelReads:
    """The levels of :class:`~surestock.engine.postgres.PostgresEngine`."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._gathering: _Gathering | None = None

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None.

        Those that are asked for while all connections are busy are looked up together.
        """
        gathering = self._gathering
        if gathering is None or gathering.found is None or gathering.found.answer.done():
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
            await wait_for_those_who_change(connection, due)
            now = self._clock.now()
            rows = await connection.fetch(SQL["levels"], *columns(due), now)
            found.update((it.level.key, it.shown(now)) for it in map(_seen, rows))
        return found

    async def due_levels(self, limit: int) -> list[StockKey]:
        """Return up to ``limit`` levels on which a reservation is due."""

        async def read(connection: asyncpg.Connection) -> list[StockKey]:
            rows = await connection.fetch(SQL["due_levels"], self._clock.now(), limit)
            return [(row["store_id"], row["sku"]) for row in rows]

        return await self._reader.ask(read)


def _seen(row: asyncpg.Record) -> _Seen:
    *columns_of_level, due = row
    return _Seen(Level(*columns_of_level), [decode_reservation(body) for body in due or ()])


async def wait_for_those_who_change(
    connection: asyncpg.Connection, keys: Iterable[StockKey]
) -> None:
    """Return once nobody is changing the levels of ``keys`` who was when this was called."""
    await connection.execute("BEGIN")
    await connection.fetch(SQL["settle_levels"], *columns(list(keys)))
    await connection.execute("ROLLBACK")
