"""The engine, as the rest of Surestock sees it. Implementations stand in ``surestock.engine``.

No engine-specific type crosses this port, a command names all its keys up front, and the
idempotency key is committed together with the events.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from surestock.idempotency import IdempotencyKey
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.reply import Reply
from surestock.kit.errors import Refusal, Unavailable
from surestock.ledger.command import Command
from surestock.ledger.history import HistoryEntry
from surestock.ledger.record import Record


class Envelope(Struct, frozen=True):
    """A command, and who sends it: the API client, its request, its idempotency key.

    ``begins``: a success is only the beginning of what was asked for. Then a refusal answers the
    key, and a success does not: the record of the end will.
    """

    command: Command
    actor: str
    request_id: str
    idempotency: IdempotencyKey | None = None
    begins: bool = False


class Outcome(Struct, frozen=True):
    """A committed command: its reply, its place in the log, and whether this is a replay."""

    reply: Reply
    sequence: int
    replayed: bool = False


class EngineStatus(Struct, frozen=True):
    """What an engine tells of itself, for the probes.

    ``queue_depth`` is in commands that are decided and not yet durable. ``read_only`` tells that
    nothing is taken on, ``breaker`` whether the log is written ("closed"), left alone ("open") or
    tried ("half_open"). ``reasons`` say in words why it is not ready, and what happens next; they
    are empty when it is. ``locks`` tells in the same words whether leases between processes are
    used; None where no other process may share the data. ``warnings`` say in words what is not as
    it should be, though everything is still answered, and rightly.
    """

    sequence: int
    queue_depth: int
    read_only: bool
    reasons: tuple[str, ...] = ()
    breaker: str = "closed"
    locks: str | None = None
    warnings: tuple[str, ...] = ()


class Engine(Protocol):
    """Carries out commands and answers reads. Every answer rests on durable state only."""

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command; return once it is durable.

        Raises :class:`~surestock.kit.errors.Refusal` when it was declined and changed nothing,
        :class:`~surestock.kit.errors.Unavailable` when it could not be carried out now.
        """
        ...

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        """Carry out commands that stand alone; return an answer for each, in order."""
        ...

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        ...

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None."""
        ...

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        ...

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""
        ...

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document (a product, a cart, a checkout), or None."""
        ...

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
        ...

    async def find_answer(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key; None when there was none within its time to live.

        Raises it when it was a refusal, ``IdempotencyConflict`` when the key was used for another
        payload, ``IdempotencyInFlight`` when the first is still running after the wait.
        """
        ...

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order.

        Raises ``RecordsDeleted`` when the log does not reach back so far any more, as
        :meth:`history` does.
        """
        ...

    async def committed_beyond(self, sequence: int) -> None:
        """Return once a record with a sequence above ``sequence`` is durable."""
        ...

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        ...

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels."""
        ...

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        ...

    async def start(self) -> None:
        """Recover the state. Nothing else may be called before."""
        ...

    async def keep_healthy(self) -> None:
        """See to it that what failed is taken into use again, until cancelled.

        Somebody has to run it, from the start to the close.
        """
        ...

    async def close(self) -> None:
        """Make durable what was decided, and let go of the data."""
        ...
