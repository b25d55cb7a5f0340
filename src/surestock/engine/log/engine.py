"""The embedded engine: the write path of the service, from an envelope to a durable answer."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from surestock.engine.log.archive import Archive
from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.core import WriteCore
from surestock.engine.log.repeats import Repeats
from surestock.engine.log.ticket import Ticket
from surestock.idempotency import IdempotencyKey
from surestock.inventory.commands import ExpireReservations
from surestock.inventory.due import as_of, without_due
from surestock.inventory.history import HistoryEntry
from surestock.inventory.keys import keys_of
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.port import EngineStatus, Envelope, Outcome
from surestock.inventory.record import Record
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, SurestockError, Unavailable
from surestock.kit.ids import IdSource
from surestock.locking import KeyedMutex

_ROWS_A_TURN = 100


class LogEngine:
    """Implements ``inventory.port.Engine`` on an event log that this process alone writes."""

    def __init__(
        self,
        config: LogConfig,
        clock: Clock,
        ids: IdSource,
        observer: LogObserver | None = None,
    ) -> None:
        self._clock = clock
        self._core = WriteCore(config, clock, ids, observer or LogObserver())
        self._mutex: KeyedMutex[StockKey] = KeyedMutex()
        self._archive = Archive(self._core.index)
        self._repeats = Repeats(self._core, self._archive, clock, config.join_timeout_s)

    async def start(self) -> None:
        """Recover the state from the log. Raises a ``JournalError`` when it cannot be trusted."""
        await self._core.start()

    async def close(self) -> None:
        """Make durable what was decided, and let go of the log."""
        await self._core.close()

    async def failed(self) -> BaseException:
        """Wait until the log can no longer be trusted, which may be never; return why."""
        return await self._core.failed()

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
        core = self._core
        if key is not None and core.knows(key):
            return None
        if now is None:
            now = self._clock.now()
        keys = keys_of(core.overlay, envelope.command, now)
        if not self._mutex.try_acquire(keys):
            return None
        try:
            return core.execute(envelope, keys, now)
        finally:
            self._mutex.release(keys)

    async def _transact_waiting(self, envelope: Envelope) -> Outcome:
        """Carry out a command that may be a repeat, or whose levels are locked."""
        key = envelope.idempotency
        core = self._core
        while True:
            if key is not None:
                answered = await self._repeats.answer_to(key)
                if answered is not None:
                    return answered
            keys = keys_of(core.overlay, envelope.command, self._clock.now())
            async with self._mutex.hold(keys):
                # What was true before the wait need not be true any more.
                now = self._clock.now()
                if key is not None and core.knows(key):
                    continue
                if not set(keys_of(core.overlay, envelope.command, now)) <= set(keys):
                    continue
                ticket = core.execute(envelope, keys, now)
            return await ticket.answer()

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        await self._repeats.check_batch(key)

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels."""
        now = self._clock.now()
        overlay = self._core.overlay
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

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None."""
        level = self._core.state.level(key)
        return level and without_due(self._core.durable, level, self._clock.now())

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        now = self._clock.now()
        page = self._core.state.page(store_id, after, limit)
        return [without_due(self._core.durable, level, now) for level in page]

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""
        held = self._core.state.reservation(reservation_id)
        decided = self._core.overlay.reservation(reservation_id)
        if held is None or decided is None:
            return held
        now = self._clock.now()
        if decided is not held and decided.status != "expired" and not decided.is_due(now):
            # Extended or ended in time, though not durably yet: so it did not expire.
            return held
        return as_of(held, now)

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order."""
        return await self._archive.records(after, limit)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        return await self._archive.history(key, after, limit)

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        return self._core.status()
