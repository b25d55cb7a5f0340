"""The database that a log is moved into: what grows with the log, chunk by chunk."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice

import asyncpg

from surestock.database import (
    DatabaseConfig,
    Lane,
    Moved,
    check_schema,
    find_unfinished_move,
    named_statements,
)
from surestock.database.deadline import cut_after
from surestock.inventory.model import Level
from surestock.journal.scan import LogStart
from surestock.kit.failpoints import hit
from surestock.runtime.moving.alone import check_alone
from surestock.runtime.moving.chunk import Chunk, reservation_row
from surestock.runtime.moving.errors import MoveRefused
from surestock.runtime.offline.tables.base import Base, parts_of
from surestock.runtime.offline.tables.fold import TableReplay, encode
from surestock.runtime.offline.tables.session import long_use

_SQL = named_statements("surestock.runtime.moving", "moving.sql")
_ROWS = 50_000
_RECORDS = ("sequence", "id", "body")
_VERSIONS = ("store_id", "sku", "version", "sequence")
_RESERVATIONS = ("id", "body")
_LEVELS = ("store_id", "sku", "on_hand", "reserved", "version", "updated_at")
_CENTRAL = ("sku", "store_id", "on_hand", "reserved", "version", "updated_at")
_HOLDS = ("store_id", "sku", "expires_at", "reservation_id")
_DOCUMENTS = ("kind", "id", "body")
_BASE = ("part", "body")


class DatabaseTarget:
    """Has one connection from when it is opened until it is closed. Raises a ``DatabaseError``."""

    def __init__(self, config: DatabaseConfig) -> None:
        self._step_s = config.deadline_s
        self._place = config.place()
        self._lane = Lane(config)

    async def begin(self, begins: LogStart, source: str) -> Moved:
        """Return how far the move came that is to be gone on with, or begin one.

        ``begins`` is what comes before the log's first record. Raises :class:`MoveRefused` when the
        database holds anything else.
        """
        async with self._transaction() as connection:
            await check_schema(connection)
            await check_alone(connection)
            head = await connection.fetchrow(_SQL["lock_head"])
            moved = await find_unfinished_move(connection)
            if moved is None:
                if head is None or any(head) or await connection.fetchval(_SQL["holds_anything"]):
                    raise MoveRefused(
                        f"The database at {self._place} is not empty. Name an empty one: nothing "
                        "is moved on top of something else."
                    )
                moved = Moved(begins.sequence, begins.crc, source)
                await connection.execute(_SQL["begin"], moved.through, moved.crc, source)
                return moved
            await self._check_beginning(connection, moved, begins)
            return moved

    async def _check_beginning(
        self, connection: asyncpg.Connection, moved: Moved, begins: LogStart
    ) -> None:
        first = await connection.fetchval(_SQL["first_record"])
        if first is None and moved.crc == begins.crc and moved.through == begins.sequence:
            return
        if first != begins.sequence + 1:
            raise MoveRefused(
                f"The database at {self._place} holds a part of {moved.source}, which begins with "
                f"record {first}; this log begins with record {begins.sequence + 1}. Name the log "
                "that the move began with, or begin anew with an empty database."
            )

    async def write(self, after: int, chunk: Chunk) -> None:
        """Write what follows record ``after``, as a whole or not at all."""
        async with self._transaction() as connection:
            told = await connection.fetchval(_SQL["advance"], after, chunk.last, chunk.crc)
            if told is None:
                raise MoveRefused("Another move works on this database. Let it end first.")
            await _copy(connection, "records", _RECORDS, chunk.records)
            await _copy(connection, "versions", _VERSIONS, chunk.gained.versions)
            await _copy(connection, "reservations", _RESERVATIONS, chunk.ended())
            await connection.execute(_SQL["answers"], *chunk.answers())
            hit("move.commit")
        hit("move.committed")

    @asynccontextmanager
    async def finishing(
        self, through: int, deleted_through: int, fold: TableReplay, base: Base | None
    ) -> AsyncIterator[asyncpg.Connection]:
        """Write the state that all records lead to; let the block prove it, and end the move.

        All of it is one transaction: when the block raises, none of it was. The view over all
        stores is written as well: it is at hand, and a worker would fold every record again.
        """
        async with long_use(self._lane) as connection, connection.transaction():
            if await connection.fetchval(_SQL["still_moving"], through) is None:
                raise MoveRefused("Another move works on this database. Let it end first.")
            for table, columns, rows in _state(fold, base):
                await self._all(connection, table, columns, rows)
            if await connection.fetchval(_SQL["set_head"], through, deleted_through) is None:
                raise MoveRefused(
                    f"Somebody has written to the database at {self._place} meanwhile, so what was "
                    "moved is of no use. Begin anew with an empty database."
                )
            await connection.execute(_SQL["set_central_head"], through)
            hit("move.state")
            yield connection
            await connection.execute(_SQL["end"])
            hit("move.end")

    async def _all(
        self,
        connection: asyncpg.Connection,
        table: str,
        columns: Sequence[str],
        rows: Iterable[tuple[object, ...]],
    ) -> None:
        rest = iter(rows)
        while some := list(islice(rest, _ROWS)):
            with cut_after(connection, self._step_s):
                await _copy(connection, table, columns, some)

    async def close(self) -> None:
        """End the connection."""
        await self._lane.close()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._lane.use(self._step_s) as connection, connection.transaction():
            yield connection


async def _copy(
    connection: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    if rows:
        await connection.copy_records_to_table(
            table, schema_name="surestock", columns=columns, records=rows
        )


_Rows = tuple[str, Sequence[str], Iterable[tuple[object, ...]]]


def _state(fold: TableReplay, base: Base | None) -> Iterable[_Rows]:
    """Yield the rows of each table that holds what all records amount to."""
    books = fold.books
    by_key = sorted(books.levels)
    by_sku = sorted(by_key, key=lambda key: (key[1], key[0]))
    held = books.reservations.values()
    yield "levels", _LEVELS, (_level(books.levels[key]) for key in by_key)
    yield "central", _CENTRAL, (_central(books.levels[key]) for key in by_sku)
    yield "reservations", _RESERVATIONS, (reservation_row(it) for it in held)
    yield "holds", _HOLDS, holds_of(fold)
    yield (
        "documents",
        _DOCUMENTS,
        ((*it.key, encode(it).decode()) for it in books.documents.values()),
    )
    if base is not None:
        yield "base", _BASE, parts_of(base)


def holds_of(fold: TableReplay) -> Iterable[tuple[object, ...]]:
    """Yield a row for each level of each active reservation that runs out."""
    for held in fold.books.reservations.values():
        if held.expires_at is not None:
            for store_id, sku in {line.key for line in held.lines}:
                yield store_id, sku, held.expires_at, held.reservation_id


def _level(level: Level) -> tuple[object, ...]:
    return (
        level.store_id,
        level.sku,
        level.on_hand,
        level.reserved,
        level.version,
        level.updated_at,
    )


def _central(level: Level) -> tuple[object, ...]:
    store_id, sku, *rest = _level(level)
    return (sku, store_id, *rest)
