"""The sync worker where everything is in PostgreSQL: it folds the records as they come.

Any number of them work on any machines. They take turns at the head of the view, so it does not
matter which of them folds what, nor where one of them was when it was killed.
"""

import asyncio

import anyio

from surestock.database import DatabaseConfig, DatabaseError, Lane, TryAgain
from surestock.kit.clock import Clock
from surestock.sync.check import Check
from surestock.sync.outbox.deciding import FIRST, drain_some, retry_some
from surestock.sync.outbox.folding import Folded, Rules, fold_some
from surestock.sync.outbox.pace import Chunk, Pause
from surestock.sync.outbox.storable import check_storable
from surestock.telemetry.log import Log


class OutboxWorker:
    """Folds what is durable, over one connection. Nothing is lost with it but its turn.

    ``interval_s`` is how often, by all workers together, what failed is tried again.
    """

    def __init__(
        self,
        database: DatabaseConfig,
        clock: Clock,
        log: Log,
        interval_s: float,
        check: Check = check_storable,
    ) -> None:
        self._lane = Lane(database)
        self._log = log
        self._rules = Rules(clock.now, interval_s, by_worker=True, check=check)
        self._chunk = Chunk()
        self._pause = Pause()
        self._ending = asyncio.Event()
        self._lost: str | None = None
        self._stopped: str | None = None

    def end(self) -> None:
        """Let :meth:`run` return, once all that is durable is folded."""
        self._ending.set()

    async def run(self) -> None:
        """Work until :meth:`end`. While the database is away, wait for it."""
        try:
            while not await self._is_done():
                with anyio.move_on_after(self._pause.next_s(is_away=self._lost is not None)):
                    await self._ending.wait()
        except BaseException:
            self._lane.drop()
            raise
        await self._lane.close()

    async def _is_done(self) -> bool:
        """Work as long as there is something to do; tell whether that was the last of it."""
        is_ending = self._ending.is_set()
        try:
            while await self._some(wait=is_ending):
                self._pause.reset()
        except TryAgain:
            return False
        except DatabaseError as error:
            self._lose(error)
            return is_ending
        return is_ending

    async def _some(self, *, wait: bool) -> bool:
        """Fold a chunk, and look after letters; tell whether there is more to do at once."""
        with self._chunk.measured():
            async with self._lane.use() as connection:
                folded = await fold_some(connection, self._chunk.most, self._rules, wait=wait)
        self._found()
        if folded is None:
            return False
        self._tell(folded)
        if folded.is_due and folded.head.open_letters:
            await self._retry()
        has_drained = False
        if folded.head.draining:
            async with self._lane.use() as connection:
                has_drained = await drain_some(connection, self._rules)
        return folded.is_full or has_drained

    async def _retry(self) -> None:
        """Try each letter once more that has a try left."""
        after = FIRST
        while True:
            async with self._lane.use() as connection:
                last = await retry_some(connection, after, self._rules)
            if last is None:
                return
            after = last

    def _tell(self, folded: Folded) -> None:
        """Log once that the view stands still, and once that it moves on."""
        stopped = folded.head.stopped
        if stopped is not None and stopped != self._stopped:
            self._log.error("the central view stands still", why=stopped)
        elif stopped is None and self._stopped is not None:
            self._log.info("the central view is folded again")
        self._stopped = stopped

    def _lose(self, error: DatabaseError) -> None:
        if self._lost is None:
            self._log.warning("the sync worker lost the database", why=str(error))
        self._lost = str(error)

    def _found(self) -> None:
        if self._lost is not None:
            self._log.info("the sync worker has the database again")
        self._lost = None
