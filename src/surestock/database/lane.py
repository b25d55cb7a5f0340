"""One connection for one user at a time, made when it is needed, and again after it failed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from surestock.database.config import DatabaseConfig
from surestock.database.deadline import cut_after
from surestock.database.errors import DatabaseError, TryAgain
from surestock.database.faults import named_fault
from surestock.database.hosts import open_connection
from surestock.kit.errors import SurestockError


class Lane:
    """A connection to the primary. Whoever uses it has to be the only one meanwhile.

    ``opened`` is called with each connection that is made.
    """

    def __init__(self, config: DatabaseConfig, opened: Callable[[], None] = lambda: None) -> None:
        self._config = config
        self._opened = opened
        self._connection: asyncpg.Connection | None = None
        self._is_in_use = False

    @property
    def is_open(self) -> bool:
        """Whether a connection stands, as far as is known here."""
        return self._connection is not None and not self._connection.is_closed()

    @asynccontextmanager
    async def use(self, within_s: float | None = None) -> AsyncIterator[asyncpg.Connection]:
        """Have the connection for the length of the block, which ends within ``within_s`` seconds.

        Its faults are raised as what they mean. A connection survives the block only if it ended
        well, in a refusal outside of a transaction, or in :class:`TryAgain`, which is rolled back.

        Raises :class:`DatabaseDown`, :class:`DatabaseUnfit` and :class:`TryAgain`.
        """
        if self._is_in_use:
            msg = "a lane was used by two at once"
            raise AssertionError(msg)
        self._is_in_use = True
        try:
            connection = await self._connected()
            try:
                with cut_after(connection, within_s or self._config.deadline_s):
                    yield connection
            except BaseException as error:
                await self._after(connection, error)
                raise
        finally:
            self._is_in_use = False

    async def open(self) -> None:
        """Make the connection now, if there is none. Raises as :meth:`use` does."""
        async with self.use():
            pass

    def drop(self) -> None:
        """Cut the connection off, without a word."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """End the connection politely, unless that takes too long."""
        connection, self._connection = self._connection, None
        if connection is None or connection.is_closed():
            return
        with cut_after(connection, self._config.connect_s):
            try:
                await connection.close()
            except BaseException as error:
                connection.terminate()
                if named_fault(error) is None:
                    raise

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            self._connection = await open_connection(self._config)
            self._opened()
        return self._connection

    async def _after(self, connection: asyncpg.Connection, error: BaseException) -> None:
        """Roll back what may be tried again, else drop the connection; raise the fault's name."""
        named = named_fault(error)
        if isinstance(named, TryAgain):
            try:
                with cut_after(connection, self._config.connect_s):
                    await connection.execute("ROLLBACK")
            except BaseException as failure:
                self.drop()
                if named_fault(failure) is None:
                    raise
        elif not _is_answer(connection, error):
            self.drop()
        if _is_cancelled():
            # The driver's own clean-up may have failed and hidden it: it has to go on.
            raise asyncio.CancelledError from error
        if named is not None and named is not error:
            raise named from error


def _is_answer(connection: asyncpg.Connection, error: BaseException) -> bool:
    """Tell whether the block only refused what was asked for, and left the connection as it was."""
    is_refusal = isinstance(error, SurestockError) and not isinstance(error, DatabaseError)
    return is_refusal and not connection.is_closed() and not connection.is_in_transaction()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
