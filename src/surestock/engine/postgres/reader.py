"""Reading connections: few, and each for one question at a time.

Whoever asks waits for one of them. A connection may have been lost while nobody used it, so a
question that changes nothing is asked once more.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio
import asyncpg

from surestock.database import DatabaseConfig, DatabaseError, Lane
from surestock.engine.postgres.health import Health
from surestock.engine.postgres.observer import PostgresObserver
from surestock.inventory.unavailable import DatabaseUnavailable, Overloaded, ShuttingDown

T = TypeVar("T")
Work = Callable[[asyncpg.Connection], Awaitable[T]]

_MOST_WAITING = 10_000
_TRIES = 2


class _Question(Generic[T]):
    """Something to be read, and who waits for it."""

    __slots__ = ("answer", "work")

    def __init__(self, work: Work[T], answer: asyncio.Future[T]) -> None:
        self.work = work
        self.answer = answer

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    async def put(self, connection: asyncpg.Connection) -> None:
        """Ask, and tell the answer. Raises what came of it instead."""
        found = await self.work(connection)
        if not self.answer.done():
            self.answer.set_result(found)


class Reader:
    """Answers questions on ``count`` connections, while :meth:`run` runs.

    ``patience_s`` is how long a question waits for a connection and its answer.
    """

    def __init__(
        self,
        database: DatabaseConfig,
        count: int,
        health: Health,
        observer: PostgresObserver,
        patience_s: float,
    ) -> None:
        self._lanes = [Lane(database, observer.connected) for _ in range(count)]
        self._health = health
        self._observer = observer
        self._patience_s = patience_s
        self._questions: deque[_Question[object]] = deque()
        self._wanted = asyncio.Semaphore(0)
        self._is_closed = False

    async def ask(self, work: Work[T]) -> T:
        """Return what ``work`` reads on a connection; it may be called twice.

        Raises ``CircuitOpen``, ``DatabaseUnavailable``, ``Overloaded`` or ``ShuttingDown``, and
        what ``work`` raises.
        """
        return await self.answer(self.put(work))

    def put(self, work: Work[T]) -> asyncio.Future[T]:
        """Ask, and return where the answer will be, for any number of those who wait for it.

        Raises ``CircuitOpen``, ``Overloaded`` or ``ShuttingDown``.
        """
        if self._is_closed:
            raise ShuttingDown
        self._health.check()
        if len(self._questions) >= _MOST_WAITING:
            raise Overloaded
        question = _Question(work, asyncio.get_running_loop().create_future())
        self._questions.append(question)
        self._wanted.release()
        return question.answer

    async def answer(self, put: asyncio.Future[T]) -> T:
        """Return the answer to what was put. Raises as :meth:`ask` does."""
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(put)
        except TimeoutError:
            raise DatabaseUnavailable from None

    async def run(self) -> None:
        """Answer questions until cancelled; then what waits is refused."""
        try:
            async with anyio.create_task_group() as tasks:
                for lane in self._lanes:
                    tasks.start_soon(self._serve, lane)
        finally:
            self._is_closed = True
            while self._questions:
                self._questions.popleft().fail(ShuttingDown())

    async def close(self) -> None:
        """Let go of the connections. Nothing is asked any more."""
        self._is_closed = True
        for lane in self._lanes:
            await lane.close()

    async def _serve(self, lane: Lane) -> None:
        while True:
            await self._wanted.acquire()
            question = self._questions.popleft()
            try:
                await self._answer(question, lane)
            except BaseException:
                question.fail(ShuttingDown())
                raise

    async def _answer(self, question: _Question[object], lane: Lane) -> None:
        for attempt in range(1, _TRIES + 1):
            if question.answer.done():
                return
            try:
                async with lane.use() as connection:
                    await question.put(connection)
            except DatabaseError as error:
                self._observer.retried("lost")
                if attempt == _TRIES or self._health.is_open:
                    self._health.failed(error)
                    question.fail(DatabaseUnavailable())
            except Exception as error:  # noqa: BLE001 - it is told to who asked
                question.fail(error)
                return
            else:
                self._health.answered()
                return
