"""The central view, as an API process gets at it: through the socket of the sync worker.

The worker never holds the API up. It is told how far the log is durable, and told again only once
it came so far; every wait has a deadline, and what waits is bounded. So a worker that is paused or
gone costs its own answers, and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from msgspec import Struct, json

from surestock.inventory.central import CentralPage, CentralStock, DeadLetter, Synced, SyncStatus
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind
from surestock.journal.position import Frontier
from surestock.kit.clock import Clock
from surestock.kit.errors import SurestockError
from surestock.resilience.breaker import BreakerConfig
from surestock.sync.connection import WorkerConnection
from surestock.sync.lag import Lag
from surestock.sync.protocol import Discard, Find, Found, Letters, Page, Progress, Question, Redrive
from surestock.sync.questions import NoSuchThing, Questions
from surestock.sync.trust import Trust
from surestock.telemetry.log import Log

_GATHER_S = 0.02

_found = json.Decoder(Found).decode
_page = json.Decoder(CentralPage).decode
_letters = json.Decoder(list[DeadLetter]).decode
_letter = json.Decoder(DeadLetter).decode


class Patience(Struct, frozen=True):
    """How long a sync may take, and how long any other answer of the worker.

    ``upkept_s`` is how long nobody has to tell that upkeep is done, until it is looked all the same
    whether it was: somebody else than a worker may see to it.
    """

    sync_s: float = 10.0
    answer_s: float = 2.0
    upkept_s: float = 60.0


class CentralLink:
    """Implements ``inventory.central.Central`` by asking the worker of ``directory``.

    ``frontier`` returns how far the log is durable (None: there is nothing in it), also after the
    engine has closed; :meth:`advanced` has to be called when that moved. ``upkept`` is awaited when
    upkeep has moved things from memory's reach to disk, or may have. ``breaker`` tells how many
    answers in a row may fail to come in time before the worker is left alone, and for how long.
    """

    def __init__(
        self,
        directory: Path,
        frontier: Callable[[], Frontier | None],
        upkept: Callable[[], Awaitable[None]],
        clock: Clock,
        log: Log,
        patience: Patience = Patience(),  # noqa: B008 - it is frozen
        breaker: BreakerConfig = BreakerConfig(),  # noqa: B008 - the same
    ) -> None:
        self._upkept = upkept
        self._log = log
        self._patience = patience
        self._upkeep_is_done = asyncio.Event()
        self._lag = Lag(frontier, clock, self._tell_soon)
        self._questions = Questions()
        self._connection = WorkerConnection(
            directory, self._lag, self._questions, clock, log, self._upkeep_is_done.set
        )
        self._trust = Trust(breaker, clock.monotonic, self._lag, self._connection)
        self._synced = self._lag.progress
        self.advanced = self._lag.advanced

    async def run(self) -> None:
        """Keep the worker informed, until cancelled. The engine must have started."""
        self._synced = Progress(self._lag.durable, 0, 0, 0)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run())
            tasks.create_task(self._pass_upkeep_on())

    async def _pass_upkeep_on(self) -> None:
        while True:
            with anyio.move_on_after(self._patience.upkept_s):
                await self._upkeep_is_done.wait()
            self._upkeep_is_done.clear()
            try:
                await self._upkept()
            except (OSError, SurestockError) as error:
                self._log.error("what upkeep wrote cannot be read", why=str(error))

    def _tell_soon(self) -> None:
        """Tell the worker, in a moment, when more has come together: it is woken less often."""
        if self._lag.is_awaited:
            self._connection.tell()
        else:
            asyncio.get_running_loop().call_later(_GATHER_S, self._connection.tell)

    def status(self) -> SyncStatus:
        """Return how the view is, as far as is known now."""
        progress = self._lag.progress
        return SyncStatus(
            alive=self._connection.alive,
            applied_sequence=progress.applied_sequence,
            lag_events=self._lag.events,
            lag_seconds=self._lag.seconds,
            snapshots=progress.snapshots,
            dead_letters=progress.dead_letters,
            breaker=self._trust.breaker.state,
            breaker_openings=self._trust.breaker.openings,
        )

    async def sync(self) -> Synced:
        """Return once every change that is durable now is in the view, or parked.

        It tells what was folded since the sync before this one (at first: since the start), not
        just during the call: the worker folds all the time, so that would be a matter of luck.
        """
        if not self._is_level():
            async with self._trust.within(self._patience.sync_s):
                await self._reach(self._lag.durable)
        before, now = self._synced, self._lag.progress
        self._synced = now
        return Synced(
            applied=max(0, now.applied_sequence - before.applied_sequence),
            # A worker that started meanwhile counts anew.
            dead_lettered=now.parked - (before.parked if now.parked >= before.parked else 0),
            applied_sequence=now.applied_sequence,
        )

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Return the SKU, or None, and the last sequence in the view."""
        found = _found(await self._ask(Find(sku), min_sequence))
        return found.stock, found.applied_sequence

    async def page(self, after: str, limit: int) -> CentralPage:
        """Return up to ``limit`` SKUs that sort after ``after``, in order."""
        return _page(await self._ask(Page(after, limit)))

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        """Return up to ``limit`` letters after letter ``after``, oldest first."""
        return _letters(await self._ask(Letters(after, limit)))

    async def redrive(self, letter_id: str) -> DeadLetter:
        """Try a parked change again, and those behind it."""
        return await self._decide(Redrive(letter_id))

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        """Give a parked change up, and fold those behind it."""
        return await self._decide(Discard(letter_id, reason))

    async def caught_up(self, within_s: float) -> bool:
        """Wait until all that is durable is folded; tell whether it is. For the process's end."""
        try:
            async with asyncio.timeout(within_s):
                await self._reach(self._lag.durable)
        except (TimeoutError, CentralBehind):
            return False
        return True

    async def _decide(self, demand: Redrive | Discard) -> DeadLetter:
        try:
            return _letter(await self._ask(demand))
        except NoSuchThing as error:
            raise NotFound(f"dead letter {demand.letter_id}") from error

    async def _ask(self, question: Question, min_sequence: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of the answer, from a view no older than any that was shown before."""
        async with self._trust.within(self._patience.answer_s, min_sequence) as wait:
            await self._reach(max(min_sequence, self._lag.shown))
            ask, answer = self._questions.add(question)
            self._connection.ask(ask)
            wait.asked = True
            return await answer

    def _is_level(self) -> bool:
        """Tell whether the worker is there and has folded all that is durable."""
        progress = self._lag.progress
        is_at_work = self._connection.alive and progress.stopped is None
        return is_at_work and progress.applied_sequence >= self._lag.durable

    async def _reach(self, sequence: int) -> None:
        await self._connection.worker()
        if self._lag.progress.applied_sequence < sequence:
            self._connection.tell()
        await self._lag.reach(sequence)
