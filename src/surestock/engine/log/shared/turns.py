"""Turns at the log: one process at a time decides and appends, for some milliseconds.

A turn begins when a command waits and nobody else writes, and ends when nothing is on its way, or
when another process waits and this one has had its share. Nobody stands in a queue that a paused
process could block: who waits asks again each millisecond, and says when it did.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import anyio

from surestock.engine.log.core import WriteCore
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.gate import Gate
from surestock.engine.log.shared.log import SharedLog
from surestock.inventory.unavailable import ReadOnly, ShuttingDown
from surestock.journal.errors import JournalError, passing
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.telemetry.locks import LockMetrics

_ASK_EVERY_S = 0.001
_SHARE_S = 0.005
_MOST_PAUSES = 10
_WAIT_S = 5.0

T = TypeVar("T")


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
        # Of its own: whoever has the writer lock does not wait for those who read.
        self._thread = ThreadPoolExecutor(1, "surestock-turn")
        self._gate = Gate(_WAIT_S)
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
        if self._is_closed:
            raise ShuttingDown
        if not probing:
            self._core.health.check()
        await self._gate.enter()
        try:
            yield
        finally:
            if self._gate.is_open and self._has_had_its_share():
                self._gate.shut()
            self._gate.leave()

    async def passed(self) -> None:
        """Return once nothing is on its way that another process decided before this was called.

        What it decided is durable then, and told by the frontier, or given up: a turn of this
        process begins only after that, and makes sound what a dead one left. Raises as :meth:`turn`
        does.
        """
        async with self.turn(probing=True):
            pass

    async def run(self) -> None:
        """Take turns when commands wait, until cancelled; then nothing is decided any more."""
        log = self._log
        if log is None:
            msg = "the engine has not been started"
            raise AssertionError(msg)
        try:
            while True:
                await self._gate.wanted.wait()
                if await self._take(log):
                    await self._have(log)
        finally:
            self._is_closed = True
            self._thread.shutdown(wait=False)
            self._gate.refuse(ShuttingDown())

    async def _take(self, log: SharedLog) -> bool:
        """Take the writer lock; tell whether somebody still waits for that."""
        while self._gate.waiting:
            if log.lock.try_take():
                self._metrics.turns += 1
                self._began_at = self._clock.monotonic()
                return True
            log.page.want(self._clock.monotonic())
            await asyncio.sleep(_ASK_EVERY_S)
        self._gate.wanted.clear()
        return False

    async def _have(self, log: SharedLog) -> None:
        """Have a turn: catch up, let commands in, and wait for their end. The lock is taken."""
        has_begun = False
        try:
            has_begun = await self._begin(log)
            if has_begun:
                self._gate.open()
                await self._gate.emptied()
        except BaseException:
            self._core.refuse()
            raise
        finally:
            self._gate.shut()
            is_cancelled = await self._drain()
            log.appender.rest()
            if has_begun:
                self._following.end(log.appender.position(self._core.sequence))
            raw = log.page.raw()
            log.lock.release()
        if is_cancelled:
            raise asyncio.CancelledError
        await self._give_way(log, raw)

    async def _drain(self) -> bool:
        """Wait until nothing is on its way to the disk; tell whether that was cancelled.

        The writer lock is held, so it is waited for all the same.
        """
        is_cancelled, is_drained = False, False
        with anyio.CancelScope(shield=True):
            while not is_drained:
                try:
                    await self._core.drained()
                    is_drained = True
                except asyncio.CancelledError:
                    is_cancelled = True
        return is_cancelled

    async def _begin(self, log: SharedLog) -> bool:
        """Bring the state up to the log's end, from where it is written on; tell if that worked."""
        try:
            beginning = self._thread.submit(log.begin, self._following.position)
            await self._following.begin(await _to_its_end(beginning))
        except (JournalError, OSError) as error:
            self._core.health.failed(passing(error) or error)
        except Unavailable:
            pass  # which was told where it was raised
        else:
            return True
        self._gate.refuse(ReadOnly())
        return False

    def _is_wanted(self) -> bool:
        """Tell whether another process has asked for the writer lock since this one took it."""
        return self._log is not None and self._log.page.wanted_at() > self._began_at

    def _has_had_its_share(self) -> bool:
        return self._clock.monotonic() - self._began_at >= _SHARE_S and self._is_wanted()

    async def _give_way(self, log: SharedLog, raw: bytes) -> None:
        """Let those who asked meanwhile go first: until one of them wrote, or for a moment."""
        for _ in range(_MOST_PAUSES):
            if not self._is_wanted() or log.page.raw() != raw:
                return
            await asyncio.sleep(_ASK_EVERY_S)


async def _to_its_end(work: "Future[T]") -> T:
    """Return what a thread returns. Cancelled, it waits for that thread before it goes on."""
    done = asyncio.wrap_future(work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            while not done.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([done])
        raise
