"""The embedded engine: the write path of the service, from an envelope to a durable answer."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from surestock.engine.log.archive import Archive
from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.core import WriteCore
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.opened import OpensLog
from surestock.engine.log.reads import LogReads
from surestock.engine.log.repeats import Repeats
from surestock.engine.log.ticket import Ticket
from surestock.idempotency import IdempotencyKey
from surestock.inventory.commands import ExpireReservations, ReservationCommand
from surestock.inventory.model import Reservation, StockKey
from surestock.journal.position import Frontier
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, SurestockError, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.command import Command
from surestock.ledger.keys import keys_of
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from surestock.locking import KeyedMutex

_ROWS_A_TURN = 100


class LogEngine(LogReads):
    """Implements ``inventory.port.Engine`` on an event log that this process alone writes."""

    def __init__(
        self,
        config: LogConfig,
        clock: Clock,
        ids: IdSource,
        observer: LogObserver | None = None,
        open_log: OpensLog = OpenLog,
    ) -> None:
        self._core = WriteCore(config, clock, ids, observer or LogObserver(), open_log)
        super().__init__(self._core.memory, Archive(config, self._core.memory.index), clock)
        self._mutex: KeyedMutex[StockKey] = KeyedMutex()
        self._repeats = Repeats(self._core, self._archive, clock, config.join_timeout_s)

    async def start(self) -> None:
        """Recover the state from the log. Raises a ``JournalError`` when it cannot be trusted."""
        await self._core.start()

    async def close(self) -> None:
        """Make durable what was decided, and let go of the log."""
        self._archive.close()
        await self._core.close()

    async def refresh(self) -> None:
        """Look at what was indexed meanwhile, and let go of that in memory."""
        await self._core.refresh()

    def frontier(self) -> Frontier | None:
        """Return how far the log is durable; None when nothing is in it."""
        return self._core.frontier()

    async def committed_beyond(self, sequence: int) -> None:
        """Return once a record above ``sequence`` is durable."""
        await self._core.committed_beyond(sequence)

    async def failed(self) -> BaseException:
        """Wait until the log can no longer be trusted, which may be never; return why."""
        return await self._core.health.final()

    async def keep_healthy(self) -> None:
        """Find out by probes when the log can be written again, each time that it cannot."""
        await self._core.keep_healthy()

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command; return once it is durable."""
        ticket = self._begin(envelope)
        if ticket is None:
            return await self._transact_waiting(envelope)
        return await ticket.answer()

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        """Carry out commands that stand alone; return an answer for each, in order."""
        begun: list[Ticket | SurestockError | None] = []
        for row, envelope in enumerate(envelopes, 1):
            try:
                begun.append(self._begin(envelope))
            except (Refusal, Unavailable) as error:
                begun.append(error)
            if row % _ROWS_A_TURN == 0 and row < len(envelopes):
                await asyncio.sleep(0)
        answers: list[Outcome | Refusal | Unavailable] = []
        for envelope, ticket in zip(envelopes, begun, strict=True):
            if isinstance(ticket, Ticket) and ticket.outcome is not None:
                answers.append(ticket.outcome)
                continue
            try:
                if isinstance(ticket, SurestockError):
                    raise ticket
                if ticket is None:
                    answers.append(await self._transact_waiting(envelope))
                else:
                    answers.append(await ticket.answer())
            except (Refusal, Unavailable) as error:
                answers.append(error)
        return answers

    def _begin(self, envelope: Envelope, now: datetime | None = None) -> Ticket | None:
        """Decide a command that need not wait for anything first; None for one that must."""
        key = envelope.idempotency
        memory = self._memory
        if key is not None and (
            memory.knows(key) or memory.old.may_hold_key(bytes.fromhex(key.digest))
        ):
            return None
        if self._may_be_old(envelope.command):
            return None
        if now is None:
            now = self._clock.now()
        keys = keys_of(memory.overlay, envelope.command, now)
        if not self._mutex.try_acquire(keys):
            return None
        try:
            return self._core.execute(envelope, keys, now)
        finally:
            self._mutex.release(keys)

    async def _transact_waiting(self, envelope: Envelope) -> Outcome:
        """Carry out a command that may be a repeat, or old, or whose levels are locked."""
        key, command = envelope.idempotency, envelope.command
        memory = self._memory
        while True:
            forgotten = memory.forgotten
            if key is not None:
                answered = await self._repeats.answer_to(key)
                if answered is not None:
                    return answered
            recalled = await self._recall(command)
            keys = keys_of(memory.overlay, command, self._clock.now())
            async with self._mutex.hold(keys):
                # What was true before the wait need not be true any more.
                now = self._clock.now()
                if memory.forgotten != forgotten or (key is not None and memory.knows(key)):
                    continue
                if not set(keys_of(memory.overlay, command, now)) <= set(keys):
                    continue
                if recalled is not None:
                    memory.overlay.recall(recalled)
                ticket = self._core.execute(envelope, keys, now)
            return await ticket.answer()

    def _may_be_old(self, command: Command) -> bool:
        """Tell whether a command is about a reservation that may have left memory."""
        if not isinstance(command, ReservationCommand):
            return False
        reservation_id = command.reservation_id
        return self._memory.overlay.reservation(
            reservation_id
        ) is None and self._memory.old.may_hold_reservation(reservation_id)

    async def _recall(self, command: Command) -> Reservation | None:
        """Return the reservation that a command is about, if it has ended and left memory."""
        if not isinstance(command, ReservationCommand) or not self._may_be_old(command):
            return None
        return await asyncio.to_thread(self._memory.old.reservation, command.reservation_id)

    async def find_answer(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key; None when there was none within its time to live."""
        return await self._repeats.answer_to(key)

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        await self._repeats.check_batch(key)

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels."""
        now = self._clock.now()
        overlay = self._memory.overlay
        due = [key for key in overlay.timers.due_keys(now) if overlay.due(key, now)]
        begun: list[Ticket | None] = []
        for row, (store_id, sku) in enumerate(due, 1):
            # Asked again: an expiry moves all levels of its reservation, so this one may be done.
            # It is decided at the time that was asked about: the clock may be set back meanwhile.
            now = self._clock.now()
            if overlay.due((store_id, sku), now):
                expire = ExpireReservations(store_id, sku)
                begun.append(self._begin(Envelope(expire, "surestock", "expiry"), now))
            if row % _ROWS_A_TURN == 0:
                await asyncio.sleep(0)
        for ticket in begun:
            if ticket is not None:  # locked: whoever decides there records the expiry as well
                await ticket.answer()
        return len(due)

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        return self._core.status()
