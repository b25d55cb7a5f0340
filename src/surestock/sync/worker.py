"""The sync worker: keeps the central view up with the log, and answers for it.

Folding runs in a thread, some megabytes at a time; in between, questions get their turn. What goes
wrong (a damaged log, a disk that fails) stops the folding and nothing else: it is told, and tried
again.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Never

import anyio
from anyio.to_thread import run_sync
from msgspec import Raw

from surestock.inventory.central import CentralPage, DeadLetter
from surestock.inventory.unavailable import CentralBehind
from surestock.journal.position import Frontier
from surestock.kit.errors import SurestockError
from surestock.sync.control import Control
from surestock.sync.errors import without_places
from surestock.sync.keeper import CentralKeeper
from surestock.sync.protocol import (
    Discard,
    Find,
    Found,
    Letters,
    Page,
    Progress,
    Question,
    Redrive,
    value,
)
from surestock.sync.upkeep import Upkeep
from surestock.telemetry.log import Log


class SyncWorker:
    """Folds what API processes tell it is durable, and looks after its files now and then.

    ``interval_s`` is how often what failed is tried again, and what is known is noted on disk.
    """

    def __init__(self, keeper: CentralKeeper, upkeep: Upkeep, interval_s: float, log: Log) -> None:
        self._keeper = keeper
        self._upkeep = upkeep
        self._interval_s = interval_s
        self._log = log
        self._turn = anyio.Lock()
        self._control = Control(self._told, self._answer, self._progress, log)
        self._frontier: Frontier | None = None
        self._is_built = False
        self._stopped: str | None = None
        self._stopped_at = 0
        self._wake = asyncio.Event()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Let :meth:`run` return, once all that was told is folded."""
        self._ending.set()
        self._wake.set()

    async def run(self, listener: socket.socket) -> None:
        """Work until :meth:`end`."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._fold)
            async with anyio.create_task_group() as others:
                others.start_soon(self._control.serve, listener)
                others.start_soon(self._look_after)
                others.start_soon(self._upkeep.run, self.save, self._control.report_upkept)
                await self._ending.wait()
                others.cancel_scope.cancel()
        await self.save()

    def _told(self, frontier: Frontier, fresh: bool) -> None:  # noqa: FBT001 - a callback's shape
        known = self._frontier
        if known is None or frontier.segment != known.segment:
            self._upkeep.look()
        if fresh and frontier.sequence < self._keeper.applied_sequence:
            self._log.warning("the log is not the one that was folded; the view is made again")
            self._is_built = False
        elif not fresh and known is not None and frontier.sequence < known.sequence:
            return
        self._frontier = frontier
        self._wake.set()

    async def _fold(self) -> None:
        """Fold what is durable, as it comes; end when told to, with nothing left."""
        while True:
            left = await self._fold_some()
            if self._ending.is_set() and not left:
                return
            if not left:
                await self._wake.wait()
            self._wake.clear()

    async def _fold_some(self) -> bool:
        """Fold a bit; tell whether there is more to do at once."""
        frontier = self._frontier
        try:
            async with self._turn:
                if not self._is_built:
                    await run_sync(self._keeper.rebuild)
                    self._is_built = True
                left = frontier is not None and await run_sync(self._keeper.fold, frontier)
        except (SurestockError, OSError) as error:
            self._stop(error)
            return False
        if self._stopped is not None and self._is_past_it(left=left):
            self._log.info("the central view is folded again")
            self._stopped, self._stopped_at = None, 0
        self._control.report()
        return left

    def _is_past_it(self, *, left: bool) -> bool:
        """Tell whether what stopped the fold is behind it: a try begins with what is sound."""
        return not left or self._keeper.applied_sequence > self._stopped_at

    def _stop(self, error: SurestockError | OSError) -> None:
        """Fold nothing until the next try, and say why."""
        why = f"The central view stands still: {without_places(error)}"
        if isinstance(error, SurestockError):  # what is in memory may be a part of what is wrong
            self._is_built = False
        if self._stopped != why:
            self._log.error("the central view stands still", why=str(error))
        self._stopped = why
        self._stopped_at = max(self._stopped_at, self._keeper.applied_sequence)
        self._control.report()

    async def _look_after(self) -> Never:
        """Now and then: try again what failed, note how far the view is, ask for upkeep."""
        while True:
            await anyio.sleep(self._interval_s)
            if self._stopped is None:
                before = self._progress()
                await self._tried(self._keeper.retry, "what became of letters cannot be noted")
                if self._progress() != before:
                    self._control.report()
            else:
                self._wake.set()
            await self.save()
            self._upkeep.look()

    async def save(self) -> None:
        """Note on disk how far the view is."""
        await self._tried(self._keeper.save, "how far the central view is cannot be noted")

    async def _tried(self, work: Callable[[], None], failed: str) -> None:
        async with self._turn:
            if self._is_built:
                try:
                    await run_sync(work)
                except (SurestockError, OSError) as error:
                    self._log.warning(failed, why=str(error))

    def _progress(self) -> Progress:
        keeper = self._keeper
        return Progress(
            applied_sequence=keeper.applied_sequence,
            parked=keeper.opened_letters,
            dead_letters=keeper.open_letters,
            snapshots=self._upkeep.snapshots,
            stopped=self._stopped,
        )

    async def _answer(self, question: Question) -> Raw:
        async with self._turn:
            if self._stopped is not None or not self._is_built:
                raise CentralBehind(self._stopped or "The central view is being made. Try again.")
            view = self._keeper.view
            match question:
                case Find(sku):
                    return value(Found(view.find(sku), view.applied_sequence))
                case Page(after, limit):
                    page = CentralPage(view.page(after, limit), view.applied_sequence)
                    return value(page)
                case Letters(after, limit):
                    return value(view.letters(after, limit))
                case Redrive(letter_id):
                    return await self._decided(partial(view.redrive, letter_id))
                case Discard(letter_id, reason):
                    return await self._decided(partial(view.discard, letter_id, reason))

    async def _decided(self, decide: Callable[[], DeadLetter]) -> Raw:
        try:
            return value(await run_sync(decide))
        except OSError as error:
            msg = f"The decision cannot be recorded now: {error.strerror or error}."
            raise CentralBehind(msg) from error
        finally:
            self._control.report()
