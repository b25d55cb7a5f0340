"""Batches whose COMMIT was sent and not answered: whether they went through is found out."""

import asyncpg
from msgspec import Struct

from surestock.database import TryAgain
from surestock.engine.postgres.answers import Answers
from surestock.engine.postgres.deciding import Verdicts
from surestock.engine.postgres.loading import SQL
from surestock.engine.postgres.room import Room
from surestock.engine.postgres.transaction import Promised, Transaction
from surestock.engine.postgres.waiting import Waiting
from surestock.inventory.unavailable import OutcomeUnknown
from surestock.ledger.port import Outcome


class Doubt(Struct, frozen=True):
    """The commands of the batch, what it promised, and the answers that hold if it went through."""

    batch: list[Waiting]
    promised: Promised
    verdicts: Verdicts
    outcomes: list[Outcome]

    async def went_through(self, connection: asyncpg.Connection) -> bool:
        """Return whether the batch is committed. Raises a ``DatabaseError``.

        Whoever has the head locked is the only one that could be committing, so once the lock is
        had nothing is under way any more, and the record that would stand there tells. The look
        ends with a COMMIT: where there is a synchronous standby, it has then all that was seen.
        """
        await connection.execute("BEGIN")
        await connection.fetchval(SQL["hold_head"])
        found = await connection.fetchval(SQL["id_of_record"], self.promised.sequence)
        await connection.execute("COMMIT")
        return bool(found == self.promised.record_id)


class Doubts:
    """The one batch of a process that may be in doubt: nothing is tried before that is settled."""

    def __init__(self, room: Room, answers: Answers) -> None:
        self._room = room
        self._answers = answers
        self._open: Doubt | None = None

    def __len__(self) -> int:
        """Return how many commands are decided, and in doubt."""
        return 0 if self._open is None else len(self._open.outcomes)

    def note(self, transaction: Transaction | None, error: Exception) -> bool:
        """Tell whether a transaction that failed may have gone through; then it is in doubt."""
        if transaction is None or transaction.promised is None or isinstance(error, TryAgain):
            return False
        assert transaction.verdicts is not None
        self._open = Doubt(
            transaction.batch, transaction.promised, transaction.verdicts, transaction.outcomes
        )
        self._room.put_back(it.waiting for it in transaction.held)
        self._room.wanted.set()
        return True

    async def settle(self, connection: asyncpg.Connection) -> None:
        """Answer what went through, and let wait again what did not. Raises a ``DatabaseError``."""
        doubt = self._open
        if doubt is not None:
            went_through = await doubt.went_through(connection)
            self._open = None
            if went_through:
                self._answers.settle(doubt.verdicts, doubt.outcomes)
            else:
                self._room.put_back(it for it in doubt.batch if not it.is_answered)

    def tell_late(self, now: float | None = None) -> int:
        """Tell those whose time is over, or all, that nobody knows; return how many.

        It is no danger: who asks again meets the rows, the keys and the head of whoever is still
        committing. When nobody waits any more, nothing is in doubt.
        """
        doubt = self._open
        if doubt is None:
            return 0
        waiting = [it for it in doubt.batch if not it.is_answered]
        late = [it for it in waiting if now is None or it.until <= now]
        for it in late:
            self._room.answer(it, OutcomeUnknown())
        if len(late) == len(waiting):
            self._open = None
        return len(late)
