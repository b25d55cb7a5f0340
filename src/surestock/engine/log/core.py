"""The part of the write path that never waits: decide, record, apply.

All of it runs on the event loop, in one piece for each command: between looking at the state and
handing the record over, nothing else happens.
"""

import asyncio
from datetime import datetime

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.followers import Followers
from surestock.engine.log.frontier import frontier_at
from surestock.engine.log.group_commit import GroupCommit
from surestock.engine.log.health import Health
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.memory import Memory
from surestock.engine.log.ticket import Declined, Pending, Ticket
from surestock.inventory.model import StockKey
from surestock.inventory.unavailable import Overloaded, ShuttingDown
from surestock.journal.append import LogEnd
from surestock.journal.scan import Place
from surestock.journal.tail import Frontier
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal
from surestock.kit.ids import IdSource
from surestock.ledger.decide import decide
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from surestock.ledger.record import Record, encode_record
from surestock.ledger.reply import reply_to


class WriteCore:
    """The memory and the open log of a :class:`~surestock.engine.log.LogEngine`."""

    def __init__(
        self, config: LogConfig, clock: Clock, ids: IdSource, observer: LogObserver
    ) -> None:
        self._config = config
        self._clock = clock
        self._ids = ids
        self._observer = observer
        self.memory = Memory(config, observer)
        self.followers = Followers()
        self.sequence = 0
        """The last durable record."""
        self._sequence = 0
        self._end: LogEnd | None = None
        self._place: Place | None = None
        self._log: OpenLog | None = None
        self._group: GroupCommit | None = None
        self.health = Health(config.breaker, clock, observer)
        self._closing = False

    async def start(self) -> None:
        """Recover the state, in a worker thread, and open the log. Raises a ``JournalError``."""
        loop = asyncio.get_running_loop()
        end = await asyncio.to_thread(self._recover)
        self.health.started(loop, None if end.torn is None else end.torn.why)
        self._group = GroupCommit(loop, self._clock, self._settle, self._fail)
        if self._log is not None:
            self._group.start(self._log.writer(end, self._group.written))

    def _recover(self) -> LogEnd:
        log = OpenLog(self._config, self._clock, self._observer)
        try:
            recovered = log.replay(self.memory)
        except BaseException:
            log.close()
            raise
        self._log = log
        self._sequence = self.sequence = recovered.sequence
        self._end = recovered.end
        self.memory.overlay.timers.add_all(self.memory.state.reservations.values())
        return recovered.end

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

    def frontier(self) -> Frontier | None:
        """Return how far the log is durable; None when nothing is in it."""
        return frontier_at(self.sequence, self._place, self._end)

    def _fail(self, batch: list[Pending], error: BaseException) -> None:
        """Answer commands whose records did not become durable, and forget what they changed."""
        self._sequence = self.sequence
        self.health.failed(error)
        self.memory.give_up(batch)
        self._observer.failed(len(batch))

    async def refresh(self) -> None:
        """Look at what was indexed meanwhile, and let go of that in memory."""
        oldest = self._clock.now() - self._config.idempotency_ttl
        indexed = await asyncio.to_thread(self.memory.old.refresh, oldest)
        self.memory.forget_through(indexed)

    async def committed_beyond(self, sequence: int) -> None:
        """Return once a record above ``sequence`` is durable."""
        while self.sequence <= sequence:
            await self.followers.next(asyncio.get_running_loop())

    async def keep_healthy(self) -> None:
        """Find out when the log can be written again, each time that it cannot."""
        if self._group is None:
            msg = "the engine has not been started"
            raise AssertionError(msg)
        await self.health.keep(self._group.probe)

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        depth = 0 if self._group is None else self._group.depth
        reasons = self.health.reasons()
        read_only = bool(reasons)
        if depth >= self._config.max_pending:
            reasons.append("the queue of commands is full")
        breaker = self.health.breaker
        return EngineStatus(self.sequence, depth, read_only, tuple(reasons), breaker)

    async def close(self) -> None:
        """Make durable what was submitted, take on nothing more, and let go of the log."""
        self._closing = True
        if self._group is not None:
            await self._group.close()
            self._group = None
        if self._log is not None:
            self._log.close()
            self._log = None
