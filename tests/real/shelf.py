"""A table that a test of the proxy writes to, and what a client sees of a broken network."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import asyncpg

from tests.real.cluster import Cluster

CUT: Final = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
ENOUGH_S: Final = 90
_SOON_S: Final = 0.2
LOOK_EVERY_S: Final = 0.01


class Shelf:
    """What the server has, seen without the proxy."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self._cluster = cluster
        self._database = database
        cluster.execute("CREATE TABLE shelf (qty int)", database)

    def rows(self) -> int:
        """How many rows are committed."""
        return len(self._cluster.execute("SELECT * FROM shelf", self._database))

    async def await_backends(self, *backends: int) -> None:
        """Wait until these serve the database, no others: who was cut off ends a little later."""
        async with asyncio.timeout(ENOUGH_S):
            while self._cluster.backends(self._database) != [*backends]:  # noqa: ASYNC110 - the same
                await asyncio.sleep(LOOK_EVERY_S)

    async def await_rows(self, number: int) -> None:
        """Wait until there are so many."""
        async with asyncio.timeout(ENOUGH_S):
            while self.rows() != number:  # noqa: ASYNC110 - another process tells of no event
                await asyncio.sleep(LOOK_EVERY_S)


async def unanswered(work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Begin a piece of work that isn't done soon, and return it."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait([task], timeout=_SOON_S)
    assert not done
    return task
