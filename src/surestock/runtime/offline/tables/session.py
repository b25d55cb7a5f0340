"""One snapshot of the database, for as long as it takes to read all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from surestock.database import (
    DatabaseConfig,
    Lane,
    check_moved,
    check_schema,
    named_statements,
)
from surestock.database.deadline import cut_after

_SQL = named_statements("surestock.runtime.offline.tables", "read.sql")
_A_STEP_S = 60.0
_ALL_STEPS_S = 30 * 24 * 60 * 60.0
PAGE = 5000
"""How many rows are fetched at once."""


def patient(url: str, name: str) -> DatabaseConfig:
    """Return a configuration for long work: each of its steps has a deadline, not the whole."""
    return DatabaseConfig(url, connect_s=10.0, deadline_s=_A_STEP_S, lock_s=10.0, name=name)


@asynccontextmanager
async def long_use(lane: Lane) -> AsyncIterator[asyncpg.Connection]:
    """Have the connection of ``lane`` for long work. Raises as ``Lane.use`` does.

    A transaction may idle, as while a log is proved that was written from it: the server is told
    to let it, and finds out by its keepalives when nobody is there any more.
    """
    async with lane.use(_ALL_STEPS_S) as connection:
        await connection.execute(_SQL["may_idle"])
        yield connection


@asynccontextmanager
async def one_snapshot(url: str, name: str = "surestock read") -> AsyncIterator[asyncpg.Connection]:
    """Have a connection that sees the database as it is now, and cannot change it.

    Raises ``DatabaseDown``, ``DatabaseUnfit``, ``SchemaBehind`` and ``UnfinishedMove``.
    """
    lane = Lane(patient(url, name))
    try:
        async with long_use(lane) as connection:
            await check_schema(connection)
            await check_moved(connection)
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield connection
    finally:
        await lane.close()


async def pages(
    connection: asyncpg.Connection, statement: str, *arguments: object
) -> AsyncIterator[list[asyncpg.Record]]:
    """Yield the rows of ``statement``, page by page, within the transaction that is open."""
    with cut_after(connection, _A_STEP_S):
        cursor = await connection.cursor(statement, *arguments)
    while True:
        with cut_after(connection, _A_STEP_S):
            rows = await cursor.fetch(PAGE)
        if not rows:
            return
        yield rows


async def count_records(connection: asyncpg.Connection) -> int:
    """Return how many records there are: what an audit has to do."""
    counted: int = await connection.fetchval(_SQL["count"])
    return counted
