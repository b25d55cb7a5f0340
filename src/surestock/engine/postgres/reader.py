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

from surestock.database import DatabaseConfig, DatabaseError, Lane, TryAgain
from surestock.engine.postgres.health import Health
from surestock.engine.postgres.observer import PostgresObserver
from surestock.inventory.unavailable import DatabaseUnavailable, Overloaded, ShuttingDown
from surestock.kit.errors import Unavailable

T = TypeVar("T")
Work = Callable[[asyncpg.Connection], Awaitable[T]]

_MOST_WAITING = 10_000
_TRIES = 2


class Question(Generic[T]):
    """Something to be read, and how many wait for its ``answer``."""

    __slots__ = ("answer", "askers", "work")

    def __init__(self, work: Work[T], answer: asyncio.Future[T]) -> None:
        self.work = work
        self.answer = answer
        self.askers = 0
        # Whoever asked may have given up: then it is nobody's to look at.
        answer.add_done_callback(lambda it: it.cancelled() or it.exception())

    def fail(self, error: BaseException) -> None:
        """Answer with an error, unless it is answered."""
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
        self._questions: deque[Question[object]] = deque()
        self._wanted = asyncio.Semaphore(0)
        self._is_closed = False

    async def ask(self, work: Work[T]) -> T:
        """Return what ``work`` reads on a connection; it may be called twice.

        Raises ``CircuitOpen``, ``DatabaseUnavailable``, ``Overloaded`` or ``ShuttingDown``, and
        what ``work`` raises.
        """
        return await self.answer(self.put(work))

    def put(self, work: Work[T]) -> Question[T]:
        """Ask, and return the question, for any number of those who wait for its answer.

        Raises ``CircuitOpen``, ``Overloaded`` or ``ShuttingDown``.
        """
        if self._is_closed:
            raise ShuttingDown
        self._health.check()
        if len(self._questions) >= _MOST_WAITING:
            raise Overloaded
        question = Question(work, asyncio.get_running_loop().create_future())
        self._questions.append(question)
        self._wanted.release()
        return question

    async def answer(self, question: Question[T]) -> T:
        """Return the answer. Raises as :meth:`ask` does.

        A question for which nobody waits any more is not asked.
        """
        question.askers += 1
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(question.answer)
        except TimeoutError:
            raise DatabaseUnavailable from None
        finally:
            question.askers -= 1
            if not question.askers:
                question.answer.cancel()

    def refuse_all(self, refusal: Unavailable) -> None:
        """Answer all that waits for a connection."""
        for question in self._questions:
            question.fail(refusal)

    async def run(self) -> None:
        """Answer questions until cancelled; then what waits is refused."""
        try:
            async with anyio.create_task_group() as tasks:
                for lane in self._lanes:
                    tasks.start_soon(self._serve, lane)
        finally:
            self._is_closed = True
            self.refuse_all(ShuttingDown())

    async def close(self) -> None:
        """Let go of the connections. Nothing is asked any more."""
        self._is_closed = True
        async with anyio.create_task_group() as tasks:
            for lane in self._lanes:
                tasks.start_soon(lane.close)

    async def _serve(self, lane: Lane) -> None:
        while True:
            await self._wanted.acquire()
            question = self._questions.popleft()
            try:
                await self._answer(question, lane)
            except BaseException:
                question.fail(ShuttingDown())
                raise

    async def _answer(self, question: Question[object], lane: Lane) -> None:
        for attempt in range(1, _TRIES + 1):
            if question.answer.done():
                return
            try:
                async with lane.use() as connection:
                    await question.put(connection)
            except TryAgain:
                # Somebody has what was asked about locked: no matter of the database's health.
                self._observer.retried("lock")
                if attempt == _TRIES:
                    question.fail(DatabaseUnavailable())
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
