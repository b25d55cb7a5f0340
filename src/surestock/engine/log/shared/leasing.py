"""What a command passes before its turn at the log: its first answer, then its leases.

A lease says at once that another process is at the same thing. It makes nothing safe, since every
decision is made on the newest state by whoever has the writer lock: so what has no lease, because
the lock directory fails or the service itself is at work, just waits for its turn.
"""

import asyncio
from typing import TypeAlias

import anyio

from surestock.engine.log.memory import Memory
from surestock.engine.log.repeats import Repeats
from surestock.engine.log.shared.following import Following
from surestock.idempotency import IdempotencyInFlight, IdempotencyKey
from surestock.inventory.unavailable import LockHeld, LockLost
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.ledger.keys import leased_keys
from surestock.ledger.port import Envelope, Outcome
from surestock.locking import Grip, LeaseHeld, LeaseLost, Leases

_ASK_EVERY_S = 0.01

Entered: TypeAlias = Outcome | Grip | None


class Leasing:
    """Finds first answers wherever they were given, and takes leases.

    ``join_timeout_s`` is how long a repeat waits for a first that another process is at,
    ``retry_after_s`` what the client of anything else is told.
    """

    def __init__(
        self,
        leases: Leases,
        following: Following,
        repeats: Repeats,
        memory: Memory,
        clock: Clock,
        join_timeout_s: float,
        retry_after_s: int,
    ) -> None:
        self._leases = leases
        self._following = following
        self._repeats = repeats
        self._memory = memory
        self._clock = clock
        self._join_timeout_s = join_timeout_s
        self._retry_after_s = retry_after_s

    async def enter(self, envelope: Envelope) -> Entered:
        """Return the first answer to a command, or what holds its leases; None when it needs none.

        Raises the first answer when it was a refusal, ``LockHeld``, ``IdempotencyInFlight``,
        ``IdempotencyConflict``, ``ReadOnly``.
        """
        key = envelope.idempotency
        gives_up_at = self._clock.monotonic() + self._join_timeout_s
        while True:
            await self._following.fresh()
            answered = None if key is None else await self._find_answer(key)
            if answered is not None:
                return answered
            keys = leased_keys(self._memory.state, envelope.command)
            if not keys:
                return None
            texts = sorted(f"{one}/{other}" for one, other in keys)
            try:
                return await self._leases.acquire(texts, "" if key is None else key.digest)
            except LeaseHeld as held:
                if key is None or held.about != key.digest:
                    raise LockHeld(held.key, held.holder, self._retry_after_s) from held
            # Another process is at this very command: its answer will be the answer.
            if self._clock.monotonic() >= gives_up_at:
                raise IdempotencyInFlight(key.key)
            await asyncio.sleep(_ASK_EVERY_S)

    async def enter_each(self, envelopes: list[Envelope]) -> list[Entered | Refusal | Unavailable]:
        """Do the same for many; errors are returned in their places."""
        entered: list[Entered | Refusal | Unavailable] = [None] * len(envelopes)

        async def enter(place: int, envelope: Envelope) -> None:
            try:
                entered[place] = await self.enter(envelope)
            except (Refusal, Unavailable) as error:
                entered[place] = error

        try:
            async with anyio.create_task_group() as tasks:
                for place, envelope in enumerate(envelopes):
                    tasks.start_soon(enter, place, envelope)
        except BaseException:
            await self.leave(*entered)
            raise
        return entered

    async def confirm(self, entered: Entered) -> None:
        """Raise ``LockLost`` when another process took a lease over meanwhile."""
        if isinstance(entered, Grip):
            try:
                await self._leases.confirm(entered)
            except LeaseLost as lost:
                raise LockLost(lost.key) from lost

    async def leave(self, *entered: object) -> None:
        """Give leases back, all at once, whatever else happens: cancelled or not."""
        with anyio.CancelScope(shield=True):
            await self._leases.release(*(one for one in entered if isinstance(one, Grip)))

    async def _find_answer(self, key: IdempotencyKey) -> Outcome | None:
        memory = self._memory
        if memory.knows(key) or memory.old.may_hold_key(bytes.fromhex(key.digest)):
            return await self._repeats.answer_to(key)
        return None
