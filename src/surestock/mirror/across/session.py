"""The one session of a process that its turns belong to, and the statements in it."""

from datetime import datetime

import asyncpg
from msgspec import Struct

from surestock.database import (
    DatabaseConfig,
    DatabaseUnfit,
    Lane,
    TryAgain,
    named_fault,
    named_statements,
)

_SQL = named_statements("surestock.mirror.across", "turns.sql")


class Session(Struct, frozen=True, eq=False):
    """A session as the database tells of it: by its process there, and since when it is.

    ``durability`` is how a change is acknowledged where nothing else is said.
    """

    pid: int
    since: datetime
    durability: str


class LastingSession:
    """Keeps a session open, and begins another one after it was lost. One at a time uses it.

    Every method may raise a ``DatabaseError``; the session is lost then, or it is a ``TryAgain``.
    """

    def __init__(self, config: DatabaseConfig, holder: str) -> None:
        self._lane = Lane(config)
        self._holder = holder
        self._session: Session | None = None
        self._connection: asyncpg.Connection | None = None

    def has(self, session: Session) -> bool:
        """Tell whether ``session`` is the one that stands, as far as is known here."""
        return self._lane.is_open and session is self._session

    async def open(self) -> None:
        """Begin it now. Raises ``DatabaseUnfit`` where nobody could tell that it has ended."""
        async with self._lane.use() as connection:
            await self._begun(connection)

    async def take(self, key: str) -> Session | None:
        """Return the session that has ``key`` from now on, or None when another one has it."""
        async with self._lane.use() as connection:
            session = await self._begun(connection)
            taken = await connection.fetchval(
                _SQL["take"], key, session.pid, session.since, self._holder
            )
        return session if taken else None

    async def confirm(self, key: str, session: Session) -> bool:
        """Tell whether ``session`` still has ``key``."""
        if not self.has(session):
            return False
        async with self._lane.use() as connection:
            held = await connection.fetchval(
                _SQL["confirm"], key, session.pid, session.since, session.durability
            )
        return held is not None

    async def give(self, key: str, session: Session) -> None:
        """Let go of ``key``, unless ``session`` has ended, and all that it had with it."""
        if self.has(session):
            async with self._lane.use() as connection:
                await connection.execute(_SQL["give"], key, session.pid, session.since)

    def drop(self) -> None:
        """End it at once, and all that it has with it."""
        self._lane.drop()

    async def close(self) -> None:
        """End it."""
        await self._lane.close()

    async def _begun(self, connection: asyncpg.Connection) -> Session:
        if self._session is None or self._connection is not connection:
            self._session = None
            session = await begin(connection)
            self._session, self._connection = session, connection
        return self._session


async def begin(connection: asyncpg.Connection) -> Session:
    """Begin a session; the same connection may begin again.

    Raises ``DatabaseUnfit`` where nobody could tell that it has ended, and what the driver raises.
    """
    found = await connection.fetchrow(_SQL["session"])
    assert found is not None
    if found["pid"] != connection.get_server_pid():
        raise DatabaseUnfit(
            "something between here and the database shares its sessions out, so that nobody could "
            "tell when this process has ended; connect to the database itself"
        )
    if found["since"] is None:
        raise DatabaseUnfit(
            "pg_stat_activity does not show this session, so that nobody could tell when this "
            "process has ended; use PostgreSQL itself"
        )
    await connection.execute(_SQL["settle"])
    await _try_sweep(connection)
    return Session(found["pid"], found["since"], found["durability"])


async def _try_sweep(connection: asyncpg.Connection) -> None:
    """Delete what gone sessions had, unless somebody is at it: who wants a turn of theirs may."""
    try:
        await connection.execute(_SQL["sweep"])
    except asyncpg.PostgresError as error:
        if not isinstance(named_fault(error), TryAgain):
            raise
