"""A batch whose COMMIT was sent and not answered: whether it went through is found out."""

import asyncpg
from msgspec import Struct

from surestock.database import TryAgain
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

    def tell_late(self, room: Room, now: float) -> int:
        """Tell those whose time is over that nobody knows; return how many.

        It is no danger: who asks again meets the rows, the keys and the head of whoever is still
        committing.
        """
        late = [it for it in self.batch if not it.is_answered and it.until <= now]
        for waiting in late:
            room.answer(waiting, OutcomeUnknown())
        return len(late)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any more for what became of it."""
        return all(waiting.is_answered for waiting in self.batch)


def doubt_about(transaction: Transaction | None, error: Exception) -> Doubt | None:
    """Return what a transaction that failed leaves in doubt; None when it changed nothing."""
    if transaction is None or transaction.promised is None or isinstance(error, TryAgain):
        return None
    assert transaction.verdicts is not None
    return Doubt(
        transaction.batch, transaction.promised, transaction.verdicts, transaction.outcomes
    )
