"""A look at the database before anybody relies on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from surestock.database.config import DatabaseConfig
from surestock.database.lane import Lane
from surestock.database.moving import check_moved
from surestock.database.schema import check_schema


@asynccontextmanager
async def ready_database(config: DatabaseConfig) -> AsyncIterator[asyncpg.Connection]:
    """Have a connection of its own for the block, to a database that may be served from.

    Raises ``SchemaBehind`` and ``UnfinishedMove``, and as ``Lane.use`` does.
    """
    lane = Lane(config)
    try:
        async with lane.use() as connection:
            await check_schema(connection)
            await check_moved(connection)
            yield connection
    finally:
        lane.drop()
