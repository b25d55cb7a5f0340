"""A command that is sent again: the first answer, wherever it is by now, and never a second try.

It may be on its way (then the repeat waits with the first), in the log, or a refusal in memory.
"""

import asyncio

from surestock.engine.log.archive import Archive
from surestock.engine.log.core import WriteCore
from surestock.engine.log.ticket import Ticket
from surestock.idempotency import (
    IdempotencyConflict,
    IdempotencyInFlight,
    IdempotencyKey,
    row_key,
)
from surestock.kit.clock import Clock
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record


class Repeats:
    """Finds first answers. ``join_timeout_s`` is how long a repeat waits for the first to end."""

    def __init__(
        self, core: WriteCore, archive: Archive, clock: Clock, join_timeout_s: float
    ) -> None:
        self._core = core
        self._archive = archive
        self._clock = clock
        self._join_timeout_s = join_timeout_s

    async def answer_to(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key, or None when there was none within the TTL.

        Raises the first answer when it was a refusal, ``IdempotencyConflict`` when the key was used
        for another payload, ``IdempotencyInFlight`` when the first is still running after the wait.
        """
        memory = self._core.memory
        running = memory.in_flight.get(key.digest)
        if running is not None:
            return await self._join(key, running)
        record = await self._record_of(key)
        if record is not None and record.reply is not None:
            return Outcome(record.reply, record.sequence, replayed=True)
        refusal = memory.refused.find(key)
        if refusal is not None:
            raise refusal.with_traceback(None)
        return None

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        memory = self._core.memory
        first_row = memory.in_flight.get(row_key(key, 0).digest)
        if first_row is not None and first_row.key is not None:
            if first_row.key.fingerprint != key.fingerprint:
                raise IdempotencyConflict(key.key)
            return
        await self._record_of(key)
        memory.refused.find(key)

    async def _record_of(self, key: IdempotencyKey) -> Record | None:
        """Return the record that answered a key within the TTL, or None.

        Raises ``IdempotencyConflict`` when it was used for another payload.
        """
        keys = self._core.memory.keys
        sequence = keys.find(key.digest)
        if sequence is not None:
            record = await self._archive.record(sequence)
        else:
            record = await self._old_record_of(key.digest)
        if record is None:
            return None
        if not keys.is_live(record.ts, self._clock.now()):
            if sequence is not None:
                keys.forget(key.digest, sequence)
            return None
        if record.idempotency is None or record.idempotency.fingerprint != key.fingerprint:
            raise IdempotencyConflict(key.key)
        return record

    async def _old_record_of(self, digest: str) -> Record | None:
        old = self._core.memory.old
        if not old.may_hold_key(bytes.fromhex(digest)):
            return None
        return await asyncio.to_thread(old.answer, digest)

    async def _join(self, key: IdempotencyKey, running: Ticket) -> Outcome:
        if running.key is None or running.key.fingerprint != key.fingerprint:
            raise IdempotencyConflict(key.key)
        try:
            async with asyncio.timeout(self._join_timeout_s):
                outcome = await running.answer()
        except TimeoutError:
            raise IdempotencyInFlight(key.key) from None
        return Outcome(outcome.reply, outcome.sequence, replayed=True)
