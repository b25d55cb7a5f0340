"""The central view in PostgreSQL, as an API process gets at it: it reads the tables itself.

It needs no worker to be asked, and may fold itself when somebody wants the view up to date now. A
worker that is gone leaves the view behind the log, and its answers say how far.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Never, TypeVar

import asyncpg
from msgspec import Struct

from surestock.database import DatabaseConfig
from surestock.inventory.central import CentralPage, CentralStock, DeadLetter, Synced, SyncStatus
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.resilience.breaker import BreakerConfig, CircuitBreaker
from surestock.sync.letter import position_of
from surestock.sync.outbox.access import Access
from surestock.sync.outbox.folding import Rules, fold_some
from surestock.sync.outbox.reading import Seen, read_letters, read_page, read_stock, read_tide
from surestock.sync.outbox.tide import Tide, Watch, stands_still
from surestock.sync.outbox.verdict import Verdicts
from surestock.telemetry.log import Log

_T = TypeVar("_T")

_LOOK_EVERY_S = 1.0
_PAUSE_S = 0.02
_CHUNK = 500


class Patience(Struct, frozen=True):
    """How long a sync may take, any other answer, and a decision about a letter, in seconds."""

    sync_s: float = 10.0
    answer_s: float = 2.0
    decide_s: float = 5.0


class PostgresCentral:
    """Implements ``inventory.central.Central``, over two connections.

    ``breaker`` tells how many questions in a row may go without an answer before the database is
    left alone, and for how long. ``went_back`` is called with a sequence that was seen and with
    that of the log, when the log is seen to end before it.
    """

    def __init__(
        self,
        database: DatabaseConfig,
        clock: Clock,
        log: Log,
        patience: Patience = Patience(),  # noqa: B008 - it is frozen
        breaker: BreakerConfig = BreakerConfig(),  # noqa: B008 - the same
        went_back: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        self._patience = patience
        self._breaker = CircuitBreaker(breaker, clock.monotonic)
        self._reads = Access(database, self._breaker, log)
        self._writes = Access(database, self._breaker, log)
        self._watch = Watch(self._look, clock, went_back)
        self._rules = Rules(clock.now)
        self._verdicts = Verdicts(self._writes, self._rules, patience.decide_s)
        self._synced: Tide | None = None

    async def run(self) -> Never:
        """Know how the view is, until cancelled."""
        while True:
            try:
                tide = await self._watch.look()
                self._synced = self._synced or tide
            except Unavailable:
                pass  # it was logged, and `status` tells it
            await asyncio.sleep(_LOOK_EVERY_S)

    async def close(self) -> None:
        """End the connections."""
        await self._reads.close()
        await self._writes.close()

    def status(self) -> SyncStatus:
        """Return how the view is, as far as is known now."""
        tide = self._watch.tide
        return SyncStatus(
            alive=self._watch.is_alive,
            applied_sequence=tide.applied,
            lag_events=tide.durable - tide.applied,
            lag_seconds=self._watch.lag_s,
            snapshots=0,
            dead_letters=tide.open_letters,
            breaker=self._breaker.state,
            breaker_openings=self._breaker.openings,
        )

    async def sync(self) -> Synced:
        """Return once every change that is durable now is in the view, or parked.

        It tells what was folded since the sync before this one (at first: since the start), not
        just during the call: others fold all the time, so that would be a matter of luck.
        """
        now = await self._fold_all(self._patience.sync_s)
        before, self._synced = self._synced or now, now
        return Synced(
            applied=max(0, now.applied - before.applied),
            dead_lettered=max(0, now.opened_letters - before.opened_letters),
            applied_sequence=now.applied,
        )

    async def caught_up(self, within_s: float) -> bool:
        """Fold until all that is durable is in the view; tell whether it is."""
        try:
            await self._fold_all(within_s)
        except Unavailable:
            return False
        return True

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Return the SKU, or None, and the last sequence in the view."""
        stock, seen = await self._read(lambda it: read_stock(it, sku), min_sequence)
        return stock, seen.applied_sequence

    async def page(self, after: str, limit: int) -> CentralPage:
        """Return up to ``limit`` SKUs that sort after ``after``, in order."""
        return (await self._read(lambda it: read_page(it, after, limit)))[0]

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        """Return up to ``limit`` letters after letter ``after``, oldest first."""
        position = position_of(after) if after else (-1, -1)
        return (await self._read(lambda it: read_letters(it, position, limit)))[0]

    async def redrive(self, letter_id: str) -> DeadLetter:
        """Try a parked change again, and those behind it."""
        return await self._verdicts.give(letter_id, None)

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        """Give a parked change up, and fold those behind it."""
        return await self._verdicts.give(letter_id, reason)

    async def _look(self) -> Tide:
        return await self._reads.ask(read_tide, self._soon())

    def _soon(self) -> float:
        """Return until when one question may take, by the loop's clock."""
        return _now() + self._patience.answer_s

    async def _read(
        self,
        read: Callable[[asyncpg.Connection], Awaitable[tuple[_T, Seen]]],
        min_sequence: int = 0,
    ) -> tuple[_T, Seen]:
        """Return an answer from a view no older than any that was shown before."""
        wanted = max(min_sequence, self._watch.shown)
        until = self._soon()
        found, seen = await self._reads.ask(read, until)
        if seen.applied_sequence < wanted and seen.stopped is None:
            if not await self._watch.reach(wanted, until):
                raise self._watch.behind(wanted)
            found, seen = await self._reads.ask(read, self._soon())
        if seen.stopped is not None:
            raise stands_still(seen.stopped)
        if seen.applied_sequence < wanted:
            raise self._watch.behind(wanted)
        self._watch.shown = max(self._watch.shown, seen.applied_sequence)
        return found, seen

    async def _fold_all(self, within_s: float) -> Tide:
        """Fold, in turns with whoever else does, up to what is durable now."""
        until = _now() + within_s
        tide = await self._watch.look()
        self._synced = self._synced or tide
        durable = tide.durable
        fold = partial(fold_some, most=_CHUNK, rules=self._rules)
        while tide.applied < durable:
            if _now() >= until:
                raise self._watch.behind(durable)
            folded = await self._writes.ask(fold, self._soon())
            if folded is None:
                await asyncio.sleep(_PAUSE_S)
            elif folded.head.stopped is not None and folded.head.sequence < durable:
                raise stands_still(folded.head.stopped)
            tide = await self._watch.look()
        return tide


def _now() -> float:
    return asyncio.get_running_loop().time()
