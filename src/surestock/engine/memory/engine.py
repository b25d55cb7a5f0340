"""Everything in memory, one command after another: the semantics with nothing else around them."""

from asyncio import Event
from collections.abc import Sequence
from datetime import timedelta

from surestock.engine.memory.central import MemoryCentral
from surestock.engine.memory.reads import MemoryReads
from surestock.idempotency import IdempotencyConflict, IdempotencyKey, KeyIndex, RefusalMemory
from surestock.inventory.commands import ExpireReservations
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.decide import decide
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from surestock.ledger.record import Record
from surestock.ledger.reply import reply_to


class MemoryEngine(MemoryReads):
    """An engine whose log is a list. No command awaits anything, so each is atomic.

    ``central`` is the central view that it keeps.
    """

    def __init__(
        self, clock: Clock, ids: IdSource, idempotency_ttl: timedelta, refusals: int = 10_000
    ) -> None:
        super().__init__(clock)
        self._ids = ids
        self._keys = KeyIndex(idempotency_ttl)
        self._refused = RefusalMemory(refusals)
        self._grown: Event | None = None
        self.central = MemoryCentral()

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command."""
        key = envelope.idempotency
        if key is not None:
            answered = self._answered(key)
            if answered is not None:
                return answered
        try:
            return self._commit(envelope)
        except Refusal as refusal:
            refusal.request_id = envelope.request_id
            if key is not None:
                self._refused.remember(key, refusal)
            raise

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        """Carry out commands that stand alone; return an answer for each, in order."""
        answers: list[Outcome | Refusal | Unavailable] = []
        for envelope in envelopes:
            try:
                answers.append(await self.transact(envelope))
            except (Refusal, Unavailable) as refusal:
                answers.append(refusal)
        return answers

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        self._find_record(key)
        self._refused.find(key)

    def _answered(self, key: IdempotencyKey) -> Outcome | None:
        record = self._find_record(key)
        if record is not None and record.reply is not None:
            return Outcome(record.reply, record.sequence, replayed=True)
        refusal = self._refused.find(key)
        if refusal is not None:
            raise refusal
        return None

    def _find_record(self, key: IdempotencyKey) -> Record | None:
        sequence = self._keys.find(key.digest)
        if sequence is None:
            return None
        record = self._records[sequence - 1]
        if not self._keys.is_live(record.ts, self._clock.now()):
            return None
        if record.idempotency is None or record.idempotency.fingerprint != key.fingerprint:
            raise IdempotencyConflict(key.key)
        return record

    def _commit(self, envelope: Envelope) -> Outcome:
        now = self._clock.now()
        record_id = self._ids.next()
        changes = decide(self._view, envelope.command, now, record_id)
        sequence = len(self._records) + 1
        key = None if envelope.begins else envelope.idempotency
        reply = reply_to(envelope.command, changes, record_id, sequence)
        self._records.append(
            Record(
                sequence,
                record_id,
                now,
                envelope.actor,
                tuple(changes.events),
                tuple(changes.levels.values()),
                key,
                None if key is None else reply,
            )
        )
        self._state.apply(changes.levels.values(), changes.reservations.values())
        self._state.keep(changes.documents.values())
        self.central.fold(sequence, self._records[-1].levels)
        for held in changes.reservations.values():
            if held.status == "active":
                self._timers.add(held)
            else:
                self._timers.drop(held)
        if key is not None:
            self._keys.add(key.digest, sequence, now)
            if key.batch is not None:
                self._keys.add(key.batch, sequence, now)
        if self._grown is not None:
            self._grown.set()
            self._grown = None
        return Outcome(reply, sequence)

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels."""
        now = self._clock.now()
        keys = self._timers.due_keys(now)
        for store_id, sku in keys:
            if self._view.due((store_id, sku), now):
                self._commit(Envelope(ExpireReservations(store_id, sku), "surestock", "-"))
        return len(keys)

    async def find_answer(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key; None when there was none within its time to live."""
        return self._answered(key)

    async def committed_beyond(self, sequence: int) -> None:
        """Return once there is a record with a sequence above ``sequence``."""
        while len(self._records) <= sequence:
            if self._grown is None:
                self._grown = Event()
            await self._grown.wait()

    def status(self) -> EngineStatus:
        """Return how the engine is: always well."""
        return EngineStatus(len(self._records), 0, read_only=False)

    async def start(self) -> None:
        """Do nothing: there is nothing to recover."""

    async def keep_healthy(self) -> None:
        """Do nothing: nothing fails here."""

    async def close(self) -> None:
        """Do nothing: nothing was durable."""
