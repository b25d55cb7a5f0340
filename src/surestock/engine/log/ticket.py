"""What a command gets when it is decided: a promise of an answer, kept once that is durable.

Many may wait on one ticket (the client, and those who repeat its idempotency key). Each has a
future of its own, so that one who hangs up takes nothing from the others or from the record.
"""

from asyncio import Future, get_running_loop

from surestock.idempotency import IdempotencyKey
from surestock.inventory.document import Document
from surestock.inventory.model import Level, Reservation
from surestock.kit.errors import Refusal, SurestockError
from surestock.ledger.port import Outcome


class Ticket:
    """An answer to be: an outcome or an error, once settled."""

    __slots__ = ("_waiters", "error", "key", "outcome")

    def __init__(self, key: IdempotencyKey | None) -> None:
        self.key = key
        self.outcome: Outcome | None = None
        self.error: SurestockError | None = None
        self._waiters: list[Future[None]] | None = None

    @property
    def settled(self) -> bool:
        """Whether the answer is known."""
        return self.outcome is not None or self.error is not None

    async def answer(self) -> Outcome:
        """Wait until settled. Return the outcome or raise the error."""
        if self.outcome is None and self.error is None:
            waiter = get_running_loop().create_future()
            if self._waiters is None:
                self._waiters = [waiter]
            else:
                self._waiters.append(waiter)
            await waiter
        if self.outcome is not None:
            return self.outcome
        if self.error is None:
            msg = "a ticket's waiter was woken before it was settled"
            raise AssertionError(msg)
        raise self.error.with_traceback(None)

    def settle(self, outcome: Outcome | None, error: SurestockError | None) -> None:
        """Make the answer known: exactly one of both, exactly once."""
        if self.settled or (outcome is None) == (error is None):
            msg = "a ticket is settled once, with one answer"
            raise AssertionError(msg)
        self.outcome, self.error = outcome, error
        if self._waiters is not None:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters = None


class Pending(Ticket):
    """The ticket of a record that is decided and not yet durable.

    ``promised`` is the outcome to be; ``levels``, ``reservations`` and ``documents`` are what it
    changes; ``encoded`` is the record's JSON, until it is handed to the journal; ``declined`` are
    refusals that were decided on what is not durable yet, this record being the last of it.
    """

    __slots__ = ("declined", "documents", "encoded", "levels", "promised", "reservations")

    def __init__(
        self,
        key: IdempotencyKey | None,
        promised: Outcome,
        encoded: bytes,
        levels: tuple[Level, ...],
        reservations: tuple[Reservation, ...],
        documents: tuple[Document, ...] = (),
    ) -> None:
        # Set here and not by Ticket: this is made for every write.
        self.key = key
        self.outcome = None
        self.error = None
        self._waiters = None
        self.promised = promised
        self.encoded = encoded
        self.levels = levels
        self.reservations = reservations
        self.documents = documents
        self.declined: list[Declined] | None = None


class Declined(Ticket):
    """The ticket of a refusal that waits for the record it was decided on."""

    __slots__ = ("refusal",)

    def __init__(self, key: IdempotencyKey | None, refusal: Refusal) -> None:
        super().__init__(key)
        self.refusal = refusal
