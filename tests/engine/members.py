"""Several engines on one log, used as if they were one: each call goes to another of them.

What one process commits the next one reads, decides on and repeats the answer of, so that the whole
contract holds over processes. Leases are left out: who has none waits for its turn.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from surestock.engine.log import LogConfig
from surestock.engine.log.shared import SharedLogEngine
from surestock.idempotency import IdempotencyKey
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from surestock.locking import Grip, Leases
from surestock.resilience.breaker import BreakerState
from surestock.telemetry.locks import LockMetrics

_SCOPE_DIGITS = 24


class NoLeases:
    """Takes no lease, as when the lock directory fails."""

    breaker = BreakerState.OPEN

    def warnings(self) -> list[str]:
        """Return nothing."""
        return []

    async def acquire(self, keys: Sequence[str], about: str = "") -> None:
        """Take nothing."""

    async def confirm(self, grip: Grip) -> None:
        """Confirm nothing."""

    async def release(self, *grips: Grip) -> None:
        """Release nothing."""

    async def run(self) -> None:
        """Do nothing, until cancelled."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Release nothing."""


class Member(SharedLogEngine):
    """One of several engines on a log; what has to run beside it runs from its start on."""

    def __init__(
        self,
        config: LogConfig,
        clock: Clock,
        leases: Leases | None = None,
        metrics: LockMetrics | None = None,
    ) -> None:
        taken = leases or cast("Leases", NoLeases())
        self.metrics = metrics or LockMetrics()
        super().__init__(config, clock, IdSource(), taken, self.metrics)
        self._kept: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start, and keep healthy."""
        await super().start()
        self._kept = asyncio.get_running_loop().create_task(self.keep_healthy())

    async def close(self) -> None:
        """End what runs beside it, then close."""
        if self._kept is not None:
            self._kept.cancel()
            await asyncio.wait([self._kept])
            if not self._kept.cancelled():
                self._kept.result()
        await super().close()


class Several:
    """An engine that is ``count`` members on one log.

    What comes at once goes to one member, since only there its order is that of its coming. What
    has a key goes to the same member each time, since refusals are remembered by one only.
    """

    def __init__(self, config: LogConfig, clock: Clock, count: int = 3) -> None:
        self.members = [Member(config, clock) for _ in range(count)]
        self._calls = 0
        self._running = 0
        self._current = self.members[0]

    async def start(self) -> None:
        """Start one after the other."""
        for member in self.members:
            await member.start()

    async def close(self) -> None:
        """Close one after the other."""
        for member in self.members:
            await member.close()

    async def keep_healthy(self) -> None:
        """Wait: each member sees to itself."""
        await asyncio.Event().wait()

    async def transact(self, envelope: Envelope) -> Outcome:
        """Send a command to the next member; one with a key to the key's."""
        member = self._current if self._running else self._for(envelope.idempotency)
        self._current = member
        self._running += 1
        try:
            return await member.transact(envelope)
        finally:
            self._running -= 1

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        """Send a batch to the next member; one with keys to the keys'."""
        key = envelopes[0].idempotency if envelopes else None
        return await self._for(key).transact_each(envelopes)

    async def find_answer(self, key: IdempotencyKey) -> Outcome | None:
        """Ask the key's member."""
        return await self._for(key).find_answer(key)

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Ask the key's member."""
        await self._for(key).check_batch(key)

    def status(self) -> EngineStatus:
        """Return how the member is that was sent to last."""
        return self._current.status()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._for(None), name)

    def _for(self, key: IdempotencyKey | None) -> Member:
        self._calls += 1
        number = self._calls if key is None else int(key.digest[:_SCOPE_DIGITS], 16)
        return self.members[number % len(self.members)]
