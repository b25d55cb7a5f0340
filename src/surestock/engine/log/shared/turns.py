"""Turns at the log: one process at a time decides and appends, for some milliseconds.

A turn begins when a command waits and nobody else writes, and ends when nothing is on its way, or
when another process waits and this one has had its share. Nobody stands in a queue that a paused
process could block: who waits asks again each millisecond, and says when it did.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from surestock.engine.log.core import WriteCore
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.log import SharedLog
from surestock.inventory.unavailable import Overloaded, ReadOnly, ShuttingDown
from surestock.journal.errors import JournalError
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.telemetry.locks import LockMetrics

_ASK_EVERY_S = 0.001
_SHARE_S = 0.005
_MOST_PAUSES = 10
_WAIT_S = 5.0
_MOST_ASKED = int(_WAIT_S / _ASK_EVERY_S)
_STUCK = "Another process has been writing the event log for long. Try again in a moment."


class Turns:
    """Gives commands of this process turns at ``log``, while :meth:`run` runs."""

    def __init__(
        self, core: WriteCore, following: Following, clock: Clock, metrics: LockMetrics
    ) -> None:
        self._core = core
        self._following = following
        self._clock = clock
        self._metrics = metrics
        self._log: SharedLog | None = None
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._wanted = asyncio.Event()
        self._users = 0
        self._is_open = False
        self._has_lock = False
        self._is_over = asyncio.Event()
        self._began_at = 0.0
        self._is_closed = False

    def start(self, log: SharedLog) -> None:
        """Use ``log``, which is recovered."""
        self._log = log

    @asynccontextmanager
    async def turn(self, *, probing: bool = False) -> AsyncIterator[None]:
        """Be in a turn for the length of the block: the state is the newest, and may be changed.

        ``probing``: to find out whether the log can be written, so that must not be known. Raises
        ``Overloaded`` when another process does not come to an end, ``ReadOnly`` when the log
        cannot be written, ``ShuttingDown``.
        """
        if self._is_open:
            self._users += 1
        else:
            await self._wait(probing=probing)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, *, probing: bool) -> None:
        """Wait until a turn begins; then a place in it is taken."""
        if self._is_closed:
            raise ShuttingDown
        if not probing:
            self._core.health.check()
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        self._wanted.set()
        try:
            async with asyncio.timeout(_WAIT_S):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._leave()  # given up at the moment of being let in
            if isinstance(error, TimeoutError):
                raise Overloaded(_STUCK) from None
            raise
        finally:
            self._waiting.pop(waiter, None)

    def _leave(self) -> None:
        """Leave the turn. It ends with the last; when others wait, nobody else is let in."""
        self._users -= 1
        if self._is_open and self._is_wanted() and self._elapsed_s() >= _SHARE_S:
            self._is_open = False
        self._end_if_empty()

    def _end_if_empty(self) -> None:
        if not self._users:
            self._is_open = False
            self._is_over.set()

    def _is_wanted(self) -> bool:
        """Tell whether another process has asked for the writer lock since this one took it."""
        return self._log is not None and self._log.page.wanted_at() > self._began_at

    def _elapsed_s(self) -> float:
        return self._clock.monotonic() - self._began_at

    async def passed(self) -> None:
        """Return once nothing is on its way that another process decided before this was called.

        What it decided is durable then, and told by the frontier, or given up. Raises
        ``Overloaded`` when that takes too long.
        """
        log = self._log
        for _ in range(_MOST_ASKED):
            # While this process has the lock, nobody else is at anything. It must not be taken
            # twice: to let go of it once would be to let go of it.
            if log is None or self._has_lock:
                return
            if log.lock.try_take():
                log.lock.release()
                return
            log.page.want(self._clock.monotonic())
            await asyncio.sleep(_ASK_EVERY_S)
        raise Overloaded(_STUCK)

    async def run(self) -> None:
        """Take turns when commands wait, until cancelled; then nothing is decided any more."""
        log = self._log
        if log is None:
            msg = "the engine has not been started"
            raise AssertionError(msg)
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                if await self._take(log):
                    await self._have(log)
        finally:
            self._is_closed = True
            self._tell(ShuttingDown())

    async def _take(self, log: SharedLog) -> bool:
        """Take the writer lock; tell whether somebody still waits for that."""
        while self._waiting:
            if log.lock.try_take():
                self._has_lock = True
                self._metrics.turns += 1
                self._began_at = self._clock.monotonic()
                return True
            log.page.want(self._clock.monotonic())
            await asyncio.sleep(_ASK_EVERY_S)
        return False

    async def _have(self, log: SharedLog) -> None:
        """Have a turn: catch up, let commands in, and wait for their end. The lock is taken."""
        try:
            if await self._begin(log):
                self._is_over.clear()
                self._is_open = True
                self._tell(None)
                await self._is_over.wait()
        except BaseException:
            self._core.refuse()
            raise
        finally:
            self._is_open = False
            with anyio.CancelScope(shield=True):
                await self._core.drained()
            log.appender.rest()
            self._following.end(log.appender.position(self._core.sequence))
            raw = log.page.raw()
            self._has_lock = False
            log.lock.release()
        await self._give_way(log, raw)

    async def _begin(self, log: SharedLog) -> bool:
        """Bring the state up to the log's end, from where it is written on; tell if that worked."""
        try:
            found = await asyncio.to_thread(log.begin, self._following.position)
            await self._following.begin(found)
            log.appender.resume(found)
        except (JournalError, OSError) as error:
            self._core.health.failed(error)
        except ReadOnly:
            pass  # which was told where it was raised
        else:
            return True
        self._tell(ReadOnly())
        return False

    def _tell(self, error: Unavailable | None) -> None:
        """Let all who wait in, or let them know why not."""
        for waiter in self._waiting:
            if waiter.done():
                continue
            if error is None:
                self._users += 1
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
        self._end_if_empty()

    async def _give_way(self, log: SharedLog, raw: bytes) -> None:
        """Let those who asked meanwhile go first: until one of them wrote, or for a moment."""
        for _ in range(_MOST_PAUSES):
            if not self._is_wanted() or log.page.raw() != raw:
                return
            await asyncio.sleep(_ASK_EVERY_S)
