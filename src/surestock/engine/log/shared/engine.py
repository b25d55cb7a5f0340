"""The log engine, where other processes work on the same data directory."""

from collections.abc import Sequence

import anyio
from msgspec.structs import replace

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.engine import LogEngine
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.fresh_reads import FreshReads
from surestock.engine.log.shared.leasing import Entered, Leasing
from surestock.engine.log.shared.log import SharedLog
from surestock.engine.log.shared.turns import Turns
from surestock.idempotency import IdempotencyKey
from surestock.inventory.unavailable import LockLost
from surestock.journal.errors import WriteFailed
from surestock.journal.position import Frontier
from surestock.journal.shared_append import position_of
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from surestock.locking import Grip, Leases
from surestock.telemetry.locks import LockMetrics


class SharedLogEngine(FreshReads, LogEngine):
    """Implements ``ledger.port.Engine`` on an event log that several processes write.

    ``leases`` refuse at once what another process is changing, ``retry_after_s`` is what its
    client is told. :meth:`keep_healthy` has to run: it passes the writer lock around.
    """

    def __init__(
        self,
        config: LogConfig,
        clock: Clock,
        ids: IdSource,
        leases: Leases,
        metrics: LockMetrics,
        observer: LogObserver | None = None,
        retry_after_s: int = 1,
    ) -> None:
        observer = observer or LogObserver()
        super().__init__(config, clock, ids, observer, self._open)
        self._log: SharedLog | None = None
        self._frontier: Frontier | None = None
        health = self._core.health
        self._following = Following(self._core, config, observer, health.failed)
        self._turns = Turns(self._core, self._following, clock, metrics)
        self._leases = leases
        self._leasing = Leasing(
            leases,
            self._following,
            self._repeats,
            self._memory,
            clock,
            config.join_timeout_s,
            retry_after_s,
        )

    def _open(self, config: LogConfig, clock: Clock, observer: LogObserver) -> OpenLog:
        self._log = SharedLog(config, clock, observer)
        return self._log

    async def start(self) -> None:
        """Recover the state from the log. Raises a ``JournalError`` when it cannot be trusted."""
        await super().start()
        log, end = self._log, self._core.end
        if log is None or end is None:
            msg = "the engine has started without a log"
            raise AssertionError(msg)
        self._following.start(log.page, position_of(self._core.sequence, end))
        self._turns.start(log)

    async def close(self) -> None:
        """Make durable what was decided, and let go of the leases and of the log."""
        self._frontier = self.frontier()
        self._following.stop()
        await self._leases.close()
        await super().close()
        self._log = None

    async def keep_healthy(self) -> None:
        """Take turns at the log, follow others, renew leases, and probe what failed."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._turns.run)
            tasks.start_soon(self._following.watch)
            tasks.start_soon(self._leases.run)
            tasks.start_soon(self._core.health.keep, self._probe)

    async def _probe(self) -> BaseException | None:
        try:
            async with self._turns.turn(probing=True):
                return await self._core.probe()
        except Unavailable as error:
            return WriteFailed(str(error))

    def frontier(self) -> Frontier | None:
        """Return how far the log is durable, whoever wrote it; None when nothing is in it."""
        if self._log is None:
            return self._frontier
        position = self._log.page.read()
        return None if position is None else position.frontier

    async def refresh(self) -> None:
        """Look at what was indexed meanwhile, and let go of that in memory."""
        await self._core.refresh(self._following.fresh)

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command; return once it is durable.

        Raises ``LockHeld`` when another process is changing the same, ``LockLost`` when it took
        the lease over before this command was decided.
        """
        entered = await self._leasing.enter(envelope)
        if isinstance(entered, Outcome):
            return entered
        try:
            async with self._turns.turn():
                await self._leasing.confirm(entered)
                return await super().transact(envelope)
        finally:
            await self._leasing.leave(entered)

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        """Carry out commands that stand alone; return an answer for each, in order.

        Raises ``IdempotencyConflict`` when they are rows of a batch whose key was used for another
        one meanwhile.
        """
        entered = await self._leasing.enter_each(list(envelopes))
        try:
            answers = await self._transact_entered(envelopes, entered)
        finally:
            await self._leasing.leave(*entered)
        return answers

    async def _transact_entered(
        self, envelopes: Sequence[Envelope], entered: list[Entered | Refusal | Unavailable]
    ) -> list[Outcome | Refusal | Unavailable]:
        answers: dict[int, Outcome | Refusal | Unavailable] = {}
        grips: dict[int, Grip | None] = {}
        for place, it in enumerate(entered):
            if isinstance(it, Grip | None):
                grips[place] = it
            else:
                answers[place] = it
        left = list(grips)
        try:
            async with self._turns.turn():
                await self._check_batch_of(envelopes)
                for place, grip in grips.items():
                    try:
                        await self._leasing.confirm(grip)
                    except LockLost as lost:
                        answers[place] = lost
                left = [place for place in left if place not in answers]
                told = await super().transact_each([envelopes[place] for place in left])
        except Unavailable as error:
            told = [error] * len(left)
        answers.update(zip(left, told, strict=True))
        return [answers[place] for place in range(len(envelopes))]

    async def _check_batch_of(self, envelopes: Sequence[Envelope]) -> None:
        """Look at the batch's key again, in the turn: others may have come first."""
        key = envelopes[0].idempotency if envelopes else None
        if key is not None and key.batch is not None:
            batch = IdempotencyKey(key.key, key.batch, key.fingerprint)
            await super().check_batch(batch)

    async def find_answer(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key; None when there was none within its time to live."""
        await self._following.fresh()
        return await super().find_answer(key)

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        await self._following.fresh()
        await super().check_batch(key)

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels."""
        await self._following.fresh()
        if not self._memory.overlay.timers.due_keys(self._clock.now()):
            return 0
        async with self._turns.turn():
            return await super().expire_due()

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        status = super().status()
        frontier = self.frontier()
        sequence = status.sequence if frontier is None else frontier.sequence
        locks, warnings = self._leases.breaker, tuple(self._leases.warnings())
        return replace(status, sequence=sequence, locks=locks, warnings=warnings)
