"""The part of the write path that never waits: decide, record, apply.

All of it runs on the event loop, in one piece for each command: between looking at the state and
handing the record over, nothing else happens.
"""

import asyncio
from datetime import datetime

from surestock.engine.log.opened import OpenCore
from surestock.engine.log.ticket import Declined, Pending, Ticket
from surestock.inventory.model import StockKey
from surestock.inventory.unavailable import Overloaded, ShuttingDown
from surestock.journal.scan import Place
from surestock.kit.errors import Refusal
from surestock.ledger.decide import decide
from surestock.ledger.port import Envelope, Outcome
from surestock.ledger.record import Record, encode_record
from surestock.ledger.reply import reply_to


class WriteCore(OpenCore):
    """Decides commands and settles what became of them, for a ``LogEngine``."""

    def execute(self, envelope: Envelope, keys: list[StockKey], now: datetime) -> Ticket:
        """Decide a command at ``now`` and hand its record over; return the ticket of the answer.

        ``keys`` are the levels it may touch then, which the caller has locked. Raises a
        :class:`Refusal` that rests on durable state alone, ``Overloaded``, ``ReadOnly`` or
        ``ShuttingDown``.
        """
        group = self._group
        if self._closing or group is None:
            raise ShuttingDown
        self.health.check()
        if group.depth >= self._config.max_pending:
            raise Overloaded
        key = envelope.idempotency
        command = envelope.command
        record_id = self._ids.next()
        try:
            draft = decide(self.memory.overlay, command, now, record_id)
        except Refusal as refusal:
            return self._decline(envelope, keys, refusal)
        if envelope.begins:
            key = None
        sequence = self._sequence + 1
        reply = reply_to(command, draft, record_id, sequence)
        levels = tuple(draft.levels.values())
        record = Record(
            sequence,
            record_id,
            now,
            envelope.actor,
            tuple(draft.events),
            levels,
            key,
            None if key is None else reply,
        )
        # The draft ends here: what waits for the disk is kept small, so that caches hold it.
        reservations = tuple(draft.reservations.values())
        documents = tuple(draft.documents.values())
        pending = Pending(
            key, Outcome(reply, sequence), encode_record(record), levels, reservations, documents
        )
        self._sequence = sequence
        self.memory.overlay.add(pending)
        if key is not None:
            self.memory.in_flight[key.digest] = pending
        group.submit(pending)
        return pending

    def _decline(self, envelope: Envelope, keys: list[StockKey], refusal: Refusal) -> Ticket:
        """Answer with ``refusal``, as soon as what it was decided on is durable."""
        refusal.request_id = envelope.request_id
        key = envelope.idempotency
        basis = self._group.newest if self._group is not None else None
        if basis is None or not self.memory.overlay.holds(keys):
            if key is not None:
                self.memory.refused.remember(key, refusal)
            raise refusal
        declined = Declined(key, refusal)
        if basis.declined is None:
            basis.declined = []
        basis.declined.append(declined)
        if key is not None:
            self.memory.in_flight[key.digest] = declined
        return declined

    def _settle(self, batch: list[Pending], place: Place, seconds: float, synced_s: float) -> None:
        """Apply records that are durable, and answer."""
        self.sequence = batch[-1].promised.sequence
        self._place = place
        self.memory.settle(batch, place, self._clock.now())
        self.followers.wake()
        self.health.wrote()
        self._observer.synced(synced_s)
        self._observer.committed(len(batch), seconds)

    def followed(self, sequence: int, place: Place) -> None:
        """Take note that others committed up to ``sequence``, in a line that is applied now.

        Only while nothing of this process waits for the disk.
        """
        self._sequence = self.sequence = sequence
        self._place = place
        self.followers.wake()

    def _fail(self, batch: list[Pending], error: BaseException) -> None:
        """Answer commands whose records did not become durable, and forget what they changed."""
        self._sequence = self.sequence
        self.health.failed(error)
        self.memory.give_up(batch)
        self._observer.failed(len(batch))

    async def committed_beyond(self, sequence: int) -> None:
        """Return once a record above ``sequence`` is durable."""
        while self.sequence <= sequence:
            await self.followers.next(asyncio.get_running_loop())
