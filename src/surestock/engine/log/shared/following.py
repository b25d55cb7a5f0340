"""Take over what other processes committed, and make reads wait for it.

Whatever was answered anywhere is in the frontier page. So a read that finds nothing newer there
than what is applied here is as fresh as if there were one process; any other follows the log first.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.core import WriteCore
from surestock.engine.log.memory import Memory
from surestock.engine.log.recovery import Replay
from surestock.engine.log.shared.reading import Line, read_lines
from surestock.inventory.unavailable import ReadOnly, Unreadable
from surestock.inventory.view import Changes
from surestock.journal.errors import JournalError, LockReplaced, passing
from surestock.journal.frontier_page import FrontierPage, FrontierTorn
from surestock.journal.position import LogPosition
from surestock.journal.segment import first_of
from surestock.ledger.record import Record

_RECORDS_A_TURN = 100
_LOOK_EVERY_S = 0.02
_MOST_LOOKS = 250
_LOOKS_A_CHECK = 50


class _Fold(Replay):
    """Replays lines into the memory of a running engine, a record at a time."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory.state, memory.keys, memory.resolved)
        self._memory = memory

    def begin(self, line: Line, sequence: int) -> None:
        """Go on behind record ``sequence``, with ``line``."""
        self.sequence = sequence
        self._cut(line.place, line.commit)

    def _take(self, record: Record, changes: Changes) -> None:
        super()._take(record, changes)
        timers = self._memory.overlay.timers
        for held in changes.reservations.values():
            timers.add(held)
            if held.status != "active":
                timers.drop(held)


class Following:
    """Keeps the memory of ``core`` level with the log. ``position`` is how far it is.

    Between :meth:`begin` and :meth:`end` this process writes: the page tells of its own records.
    """

    def __init__(
        self,
        core: WriteCore,
        config: LogConfig,
        observer: LogObserver,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._core = core
        self._config = config
        self._observer = observer
        self._failed = failed
        self._fold = _Fold(core.memory)
        self._turn = asyncio.Lock()
        self._page: FrontierPage | None = None
        self._known = b""
        self._is_writing = False
        self._lines: deque[Line] = deque()
        self._done = 0
        self.position = LogPosition()

    def start(self, page: FrontierPage, position: LogPosition) -> None:
        """Follow from ``position`` on, which is applied."""
        self._page = page
        self.position = position

    def stop(self) -> None:
        """Follow no more: what is applied is all that reads know of."""
        self._page = None

    async def fresh(self) -> None:
        """Return once all is applied that was answered by any process before this was called.

        Raises ``Unreadable`` when it cannot be read now, :class:`ReadOnly` when the log cannot be
        followed at all: then the process ends.
        """
        page = self._page
        if page is None:
            return
        raw = page.raw()
        if raw == self._known:
            return
        told = await self._told(page)
        if told is None or told.sequence <= self._core.sequence:
            self._known = raw
            return
        await self._reach(told)

    async def _told(self, page: FrontierPage) -> LogPosition | None:
        """Return what the page tells, if need be once its writer goes on in the middle of it."""
        for _ in range(_MOST_LOOKS):
            try:
                return page.read()
            except FrontierTorn:
                await asyncio.sleep(_LOOK_EVERY_S)
        self._failed(FrontierTorn())
        raise ReadOnly

    async def _reach(self, told: LogPosition) -> None:
        async with self._turn:
            if not self._is_writing:
                await self._follow(told)
                return
        # This process has the writer lock, so it is its own record, about to be applied.
        await self._core.committed_beyond(told.sequence - 1)

    async def begin(self, told: LogPosition) -> None:
        """Follow up to ``told``, where the log ends, and take it that this process writes now."""
        async with self._turn:
            await self._follow(told)
            self._is_writing = True

    def end(self, position: LogPosition) -> None:
        """Take note that this process writes no more, and has written up to ``position``."""
        self._is_writing = False
        self.position = position

    async def watch(self) -> None:
        """Follow all the time, also when nobody asks: until cancelled, or it has failed."""
        while True:
            for _ in range(_LOOKS_A_CHECK):
                await asyncio.sleep(_LOOK_EVERY_S)
                try:
                    await self.fresh()
                except Unreadable:
                    continue
                except ReadOnly:
                    return
            page = self._page
            if page is not None and not await asyncio.to_thread(page.is_in_use):
                self._failed(LockReplaced(self._config.directory))

    async def _follow(self, told: LogPosition) -> None:
        """Apply what follows, up to ``told``. Cancelled, it goes on where it was the next time."""
        try:
            while self._core.sequence < told.sequence:
                if not self._lines:
                    self._lines = await asyncio.to_thread(
                        read_lines, self._config, self.position, told
                    )
                while self._lines:
                    await self._apply(self._lines[0])
        except (JournalError, OSError) as error:
            if passing(error):
                raise Unreadable from error
            self._failed(error)
            raise ReadOnly from error
        if told.sequence >= self._core.sequence:
            self.position = told

    async def _apply(self, line: Line) -> None:
        """Apply a line, with a turn for others now and then: a record is the least there is."""
        if not self._done:
            self._fold.begin(line, self._core.sequence)
        while self._done < len(line.records):
            self._fold.prove(line.place, line.records[self._done])
            self._done += 1
            if self._done % _RECORDS_A_TURN == 0:
                await asyncio.sleep(0)
        self._lines.popleft()
        self._done = 0
        place, commit = line.place, line.commit
        end = place.offset + place.length
        self.position = LogPosition(
            commit.last, first_of(place.segment), end, place.line, commit.crc
        )
        self._core.memory.index.add(commit.first, place)
        self._core.followed(commit.last, place)
        self._observer.followed(len(line.records))
