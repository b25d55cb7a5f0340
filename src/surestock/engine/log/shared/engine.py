"""The log engine, where other processes work on the same data directory."""

from collections.abc import Sequence

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.shared.leasing import Entered, Leasing
from surestock.engine.log.shared.member import LogMember
from surestock.idempotency import IdempotencyKey
from surestock.inventory.unavailable import LockLost
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from surestock.locking import Grip, Leases
from surestock.telemetry.locks import LockMetrics


class SharedLogEngine(LogMember):
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
        super().__init__(config, clock, ids, leases, metrics, observer or LogObserver())
        self._leasing = Leasing(
            leases,
            self._following,
            self._repeats,
            self._memory,
            clock,
            config.join_timeout_s,
            retry_after_s,
        )

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

        Raises ``IdempotencyConflict`` when another batch has used their key meanwhile.
        """
        entered = await self._leasing.enter_each(list(envelopes))
        try:
            return await self._transact_entered(envelopes, entered)
        finally:
            await self._leasing.leave(*entered)

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
