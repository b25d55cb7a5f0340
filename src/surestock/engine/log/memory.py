"""What the log engine keeps in memory, and how a durable batch changes it.

Everything is bounded by what is current: levels, active reservations, and the keys and ended
reservations that no index on disk has yet.
"""

from datetime import datetime

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.old import Old
from surestock.engine.log.overlay import Overlay
from surestock.engine.log.resolved import Resolved
from surestock.engine.log.ticket import Pending, Ticket
from surestock.engine.state import State, TimedView
from surestock.idempotency import IdempotencyKey, KeyIndex, RefusalMemory
from surestock.inventory.unavailable import ReadOnly
from surestock.journal.read import SparseIndex
from surestock.journal.scan import Place

FIRST_COMMIT_LINE = 2
"""Where the first group commit of a segment stands: behind the header."""


class Memory:
    """State, overlay, keys, and where on disk the rest is to be found."""

    def __init__(self, config: LogConfig, observer: LogObserver) -> None:
        self.state = State()
        self.overlay = Overlay(self.state)
        self.durable = TimedView(self.state, self.overlay.timers)
        self.keys = KeyIndex(config.idempotency_ttl)
        self.resolved = Resolved(self.state)
        self.refused = RefusalMemory(config.max_refusals)
        self.in_flight: dict[str, Ticket] = {}
        self.index = SparseIndex()
        self.old = Old(config, observer.damaged)
        self.forgotten = 0
        """How often something left memory."""

    def knows(self, key: IdempotencyKey) -> bool:
        """Tell whether a command with this key is running, or was answered not long ago."""
        digest = key.digest
        return (
            digest in self.in_flight
            or self.refused.holds(digest)
            or self.keys.find(digest) is not None
        )

    def settle(self, batch: list[Pending], place: Place, now: datetime) -> None:
        """Apply records that are durable, remember their keys, and answer."""
        self.index.add(batch[0].promised.sequence, place)
        if place.line == FIRST_COMMIT_LINE:
            self.keys.cut(batch[0].promised.sequence)
            self.resolved.cut(batch[0].promised.sequence)
        batch_key = None
        for pending in batch:
            sequence = pending.promised.sequence
            self.state.apply(pending.levels, pending.reservations)
            if pending.documents:
                self.state.keep(pending.documents)
            self.overlay.settle(pending)
            self.resolved.add(sequence, pending.reservations)
            key = pending.key
            if key is not None:
                self.keys.add(key.digest, sequence, now)
                if key.batch is not None and key.batch != batch_key:
                    batch_key = key.batch
                    self.keys.add(batch_key, sequence, now)
                del self.in_flight[key.digest]
            pending.settle(pending.promised, None)
            for declined in pending.declined or ():
                if declined.key is not None:
                    self.refused.remember(declined.key, declined.refusal)
                    del self.in_flight[declined.key.digest]
                declined.settle(None, declined.refusal)

    def give_up(self, batch: list[Pending]) -> None:
        """Forget everything that is not durable, and answer those who wait for it."""
        self.overlay.drop()
        for pending in batch:
            for ticket in (pending, *(pending.declined or ())):
                if ticket.settled:  # before a defect stopped the rest of its batch
                    continue
                if ticket.key is not None:
                    self.in_flight.pop(ticket.key.digest, None)
                ticket.settle(None, ReadOnly())

    def forget_through(self, sequence: int) -> None:
        """Let go of what the indexes on disk have: all up to ``sequence``, which ends a segment."""
        self.index.begin_at(max(self.index.begins_at, sequence + 1))
        self.forgotten += 1
        self.keys.forget_through(sequence)
        self.resolved.forget_through(sequence)
