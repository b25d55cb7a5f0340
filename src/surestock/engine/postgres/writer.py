"""The writer: gathers commands while a batch is on its way, and commits the next ones together.

One connection, one batch at a time. Who was just answered often comes back at once: a batch that is
smaller than the last one waits for them a little, since many small batches cost more than few large
ones. What fails before COMMIT changed nothing and is tried again. A connection that is lost at
COMMIT leaves the outcome open: then the head is locked, which waits for whoever may still be
committing, and the record that would stand there tells.
"""

import asyncio

import anyio

from surestock.database import DatabaseConfig, DatabaseError, Lane, TryAgain
from surestock.engine.postgres.answers import Answers, Told
from surestock.engine.postgres.doubt import Doubts
from surestock.engine.postgres.health import Health
from surestock.engine.postgres.observer import PostgresObserver
from surestock.engine.postgres.room import Room
from surestock.engine.postgres.transaction import Tools, Transaction
from surestock.engine.postgres.waiting import Waiting
from surestock.inventory.unavailable import OutcomeUnknown, ShuttingDown
from surestock.ledger.port import Envelope
from surestock.resilience.backoff import waits

_MOST_AT_ONCE = 256
_LONGEST_WAIT_S = 0.25
_LINGER = 0.25  # of the time that the last batch took
_LONGEST_LINGER_S = 0.01
_PAUSES = (1_000_000, 0.01, _LONGEST_WAIT_S)


class Writer:
    """Carries out what waits in ``room``, while :meth:`run` runs.

    ``told`` is called with each batch that is through, before the next one begins.
    """

    def __init__(
        self,
        database: DatabaseConfig,
        room: Room,
        tools: Tools,
        health: Health,
        observer: PostgresObserver,
        told: Told,
    ) -> None:
        self._room = room
        self._tools = tools
        self._clock = tools.clock
        self._health = health
        self._observer = observer
        self._answers = Answers(room, tools, told)
        self._doubts = Doubts(room, self._answers)
        self._lane = Lane(database, observer.connected)
        self._batch: list[Waiting] = []
        self._current: Transaction | None = None
        self._pauses = waits(*_PAUSES)
        self._around = tools.config.fail_fast
        self._alone = 0
        self._linger = (0, 0.0)
        self._is_closed = False

    @property
    def depth(self) -> int:
        """How many commands are decided, and not committed as far as is known."""
        verdicts = self._current.verdicts if self._current is not None else None
        return len(self._doubts) + (0 if verdicts is None else len(verdicts.decided))

    def submit(self, envelope: Envelope) -> Waiting:
        """Take a command for the next batch.

        Raises ``ShuttingDown``, ``CircuitOpen`` or ``Overloaded``.
        """
        if self._is_closed:
            raise ShuttingDown
        self._health.check()
        return self._room.enter(envelope)

    async def run(self) -> None:
        """Commit batches as commands come, until cancelled; then what waits is refused.

        A batch that is under way is brought to its end first.
        """
        try:
            while True:
                await self._room.wanted.wait()
                await asyncio.sleep(0)  # what else this turn of the loop brings goes along
                await self._room.gather(*self._linger)
                with anyio.CancelScope(shield=True):
                    pause_s = await self._round()
                if pause_s:
                    await asyncio.sleep(pause_s)
        finally:
            self._end()

    async def watch(self) -> None:
        """Tell those whose time is over, also while a try takes its time, until cancelled."""
        while True:
            await asyncio.sleep(_LONGEST_WAIT_S)
            self._tell_late()

    async def close(self) -> None:
        """Let go of the connection, once nothing is under way any more."""
        self._end()
        await self._lane.close()

    def _end(self) -> None:
        self._is_closed = True
        self._room.refuse_all(ShuttingDown())
        self._doubts.tell_late()
        for waiting in self._batch:
            self._room.answer(waiting, OutcomeUnknown())

    async def _round(self) -> float:
        """Settle the doubt, carry a batch out; return for how many seconds to wait then."""
        self._tell_late()
        self._linger = (0, 0.0)
        if self._health.is_open and not self._doubts:
            self._room.refuse_all(self._health.refusal())
            return 0.0
        transaction: Transaction | None = None
        try:
            async with self._lane.use() as connection:
                await self._doubts.settle(connection)
                self._batch = self._room.take(1 if self._alone else _MOST_AT_ONCE)
                if not self._batch:
                    return 0.0
                transaction = self._current = Transaction(
                    connection, self._batch, self._tools, around=self._around
                )
                began = self._clock.monotonic()
                verdicts = await transaction.run()
        except DatabaseError as error:
            return self._failed(error, transaction)
        except Exception as defect:  # noqa: BLE001 - it is told to those whom it concerns
            return self._broken(defect, transaction)
        finally:
            self._current = None
            self._alone = max(0, self._alone - len(self._batch))
        self._health.answered()
        self._health.came_through()
        self._pauses = waits(*_PAUSES)
        took_s = self._clock.monotonic() - began
        self._linger = (len(self._batch), min(took_s * _LINGER, _LONGEST_LINGER_S))
        if verdicts.decided:
            self._observer.committed(len(verdicts.decided), took_s)
        self._answers.settle(verdicts, transaction.outcomes)
        self._batch = self._answers.refuse(transaction.held)
        # Whoever only goes around never comes to a row that many want: it queues again in time.
        is_small = 0 < len(self._batch) <= len(transaction.batch)
        self._around = is_small or self._tools.config.fail_fast
        return self._again() if self._batch else 0.0

    def _failed(self, error: DatabaseError, transaction: Transaction | None) -> float:
        """Take a failed try back, unless it may have gone through; return for how long to wait."""
        self._health.held_up(error)
        if isinstance(error, TryAgain):
            self._observer.retried("lock" if error.is_lock else "conflict")
            self._around = self._around or error.is_lock
        else:
            self._observer.retried("lost")
            self._health.failed(error)
        if self._doubts.note(transaction, error):
            self._batch = []
        return self._again()

    def _broken(self, defect: Exception, transaction: Transaction | None) -> float:
        """Tell a defect to whom it concerns, unless the batch may have gone through.

        Of several, only one is at fault: they are tried again, each by itself.
        """
        if self._doubts.note(transaction, defect):
            self._batch = []
            return self._again()
        if not self._batch:  # it was no command's doing
            return self._again()
        if len(self._batch) > 1:
            self._alone = len(self._batch)
            self._room.put_back(self._batch)
        else:
            self._observer.failed(1)
            self._room.answer(self._batch[0], defect)
        self._batch = []
        return 0.0

    def _tell_late(self) -> None:
        """Tell those whose time is over."""
        late = self._room.tell_late() + self._doubts.tell_late(self._clock.monotonic())
        if late:
            self._observer.failed(late)

    def _again(self) -> float:
        """Let the batch wait again; return for how long."""
        self._room.put_back(self._batch)
        self._batch = []
        return next(self._pauses, _LONGEST_WAIT_S)
