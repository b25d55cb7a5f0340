"""When to look after the log's files: a segment was sealed, or can go now, or it is long ago.

The work itself (indexes, snapshots, the archive) is another process's: it is heavy, and would share
this one's interpreter.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Never

from anyio.to_thread import run_sync
from msgspec import Struct

from surestock.journal.segment import first_of, list_segments
from surestock.kit.clock import Clock
from surestock.kit.errors import SurestockError
from surestock.snapshot import snapshot_sequences
from surestock.sync.keeper import Folders
from surestock.telemetry.log import Log

_AT_LEAST_EVERY_S = 600.0


class UpkeepFailed(SurestockError):
    """Upkeep did not end well. The message says why."""


class _Files(Struct, frozen=True):
    """What upkeep may find to do: the sealed segments, and how many of them the view has passed."""

    sealed: tuple[int, ...]
    passed: int


class Upkeep:
    """Runs ``work`` when there may be something to do, once at a time.

    ``work`` raises :class:`UpkeepFailed` or ``OSError``. ``passed`` returns the sequence up to
    which the view needs the log no more. ``snapshots`` counts those that were taken.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[None]],
        folders: Folders,
        passed: Callable[[], int],
        clock: Clock,
        log: Log,
    ) -> None:
        self._work = work
        self._folders = folders
        self._passed = passed
        self._clock = clock
        self._log = log
        self._looked = asyncio.Event()
        self._done: _Files | None = None
        self._done_at = 0.0
        self.snapshots = 0

    def look(self) -> None:
        """Let it be looked whether there is something to do."""
        self._looked.set()

    async def run(self, before: Callable[[], Awaitable[None]], after: Callable[[], None]) -> Never:
        """Look whenever :meth:`look` was called, until cancelled."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            await self.once(before, after)

    async def once(self, before: Callable[[], Awaitable[None]], after: Callable[[], None]) -> None:
        """Work, if there may be something to do.

        ``before`` is awaited before the work; ``after`` is called after it, even when it failed:
        what it had done until then stands.
        """
        try:
            files = await run_sync(self._files)
            if not self._is_due(files):
                return
            await before()
            known = await run_sync(self._taken)
            try:
                await self._work()
            finally:
                self.snapshots += len(await run_sync(self._taken) - known)
                after()
        except (SurestockError, OSError) as error:
            self._log.error("the log's files are not looked after", why=str(error))
        else:
            self._done, self._done_at = files, self._clock.monotonic()

    def _taken(self) -> set[int]:
        return set(snapshot_sequences(self._folders.snapshots))

    def _files(self) -> _Files:
        firsts = [first_of(path) for path in list_segments(self._folders.event_log)]
        passed = self._passed()
        return _Files(tuple(firsts[:-1]), sum(first <= passed + 1 for first in firsts[1:]))

    def _is_due(self, files: _Files) -> bool:
        if not files.sealed:
            return False
        is_old = self._clock.monotonic() - self._done_at >= _AT_LEAST_EVERY_S
        return is_old or self._done != files
