"""A command that is sent again: the first answer, and never a second try.

It may be on its way in this process (then the repeat waits with the first), in the database, or a
refusal in memory. On its way in another process, it is met in the database: by its rows, or by the
row of its key, which only one of both can write.
"""

import asyncio

import asyncpg
from msgspec import Struct

from surestock.engine.postgres.deciding import first_answer, live_answer
from surestock.engine.postgres.levels import SQL
from surestock.engine.postgres.loading import decode_record, stand_by
from surestock.engine.postgres.reader import Reader
from surestock.engine.postgres.room import Room
from surestock.engine.postgres.transaction import Tools
from surestock.engine.postgres.waiting import Waiting
from surestock.idempotency import (
    IdempotencyConflict,
    IdempotencyInFlight,
    IdempotencyKey,
    row_key,
)
from surestock.kit.errors import Refusal
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record


class Begun(Struct, frozen=True):
    """A command that was handed over, or the first one that it repeats."""

    waiting: Waiting
    is_repeat: bool


class Repeats:
    """Finds first answers."""

    def __init__(self, reader: Reader, room: Room, tools: Tools) -> None:
        self._reader = reader
        self._room = room
        self._remembered = tools.remembered
        self._clock = tools.clock
        self._ttl = tools.config.idempotency_ttl
        self._join_timeout_s = tools.config.join_timeout_s

    def first_of(self, key: IdempotencyKey) -> Waiting | None:
        """Return the command with this key that is on its way, or None.

        Raises ``IdempotencyConflict`` when that has another payload.
        """
        first = self._room.in_flight.get(key.digest)
        if first is not None and _fingerprint(first) != key.fingerprint:
            raise IdempotencyConflict(key.key)
        return first

    async def join(self, key: IdempotencyKey, first: Waiting) -> Outcome | None:
        """Return the answer of the first command with ``key``, as a replay.

        None when it was only the beginning of what was asked for. Raises its answer if that was
        none, and ``IdempotencyInFlight`` when it is still running after the wait.
        """
        try:
            async with asyncio.timeout(self._join_timeout_s):
                outcome = await first.answer()
        except TimeoutError:
            raise IdempotencyInFlight(key.key) from None
        except Refusal:
            refusal = self._remembered.find(key)
            if refusal is None:
                raise
            raise refusal from None
        if first.envelope.begins:
            return None
        return Outcome(outcome.reply, outcome.sequence, replayed=True)

    async def answer_to(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key; None when there was none within its time to live.

        Raises it when it was a refusal, and as :meth:`first_of` and :meth:`join` do.
        """
        first = self.first_of(key)
        if first is not None:
            return await self.join(key, first)
        record = await self._record_of(key)
        if record is not None:
            await self._reader.ask(stand_by)
        return first_answer(record, key, self._remembered)

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        first_row = self._room.in_flight.get(row_key(key, 0).digest)
        if first_row is not None:
            if _fingerprint(first_row) != key.fingerprint:
                raise IdempotencyConflict(key.key)
            return
        await self._record_of(key)
        self._remembered.find(key)

    async def _record_of(self, key: IdempotencyKey) -> Record | None:
        async def read(connection: asyncpg.Connection) -> Record | None:
            body = await connection.fetchval(SQL["answer"], bytes.fromhex(key.digest))
            return None if body is None else decode_record(body)

        record = await self._reader.ask(read)
        if record is None:
            return None
        return live_answer(record, key, self._clock.now(), self._ttl)


def _fingerprint(waiting: Waiting) -> str | None:
    key = waiting.envelope.idempotency
    return None if key is None else key.fingerprint
