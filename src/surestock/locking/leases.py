"""The leases of one process, for its event loop: taken together, shared, renewed, given back.

A lease is there to refuse at once what another process is at. It is not what keeps the numbers
right: every change is decided again under the log's own lock. So where the lease directory fails,
changes go on without leases.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec import Struct

from surestock.kit.boot import boot_id
from surestock.kit.clock import Clock
from surestock.locking.lease import FileLeases, LeaseHeld, LeaseLost
from surestock.locking.lease_book import LeaseBook
from surestock.locking.lease_thread import LeaseThread
from surestock.locking.outage import Outage, Told
from surestock.locking.share import Grip, Job, Share, Verb
from surestock.resilience.breaker import BreakerConfig, BreakerState
from surestock.telemetry.locks import LockMetrics
from surestock.telemetry.log import Log

_LOOKS = 4
"""How often leases are looked at in the time after which they are renewed."""


class LeaseConfig(Struct, frozen=True):
    """Where leases stand and whose they are: ``owner`` is a name that no other process has.

    A lease lasts ``ttl_s`` seconds, and is renewed when it is held for ``renew_s`` of them.
    """

    directory: Path
    owner: str
    ttl_s: float
    renew_s: float
    breaker: BreakerConfig


class Leases:
    """The leases of this process. Everything runs on one event loop, and no file on it.

    :meth:`run` has to run as long as it is used, and :meth:`close` to end it. ``told`` is told how
    the breaker on the directory is, and how often it opened.
    """

    def __init__(
        self,
        config: LeaseConfig,
        clock: Clock,
        metrics: LockMetrics,
        log: Log,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        pause: Callable[[float], None] = time.sleep,
        told: Told = lambda _state, _openings: None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._sleep = sleep
        self._pause = pause
        self._outage = Outage(config.breaker, clock.monotonic, log, told)
        self._book = LeaseBook(self._put, metrics, self._outage, log)
        self._thread: LeaseThread | None = None
        self._is_closed = False

    def __len__(self) -> int:
        """Return how many leases are held, or on their way."""
        return len(self._book)

    @property
    def breaker(self) -> BreakerState:
        """Whether the lease directory is used."""
        return self._outage.state

    def warnings(self) -> list[str]:
        """Return what a person should know of the lease directory, in words; no path."""
        return self._outage.warnings()

    async def run(self) -> None:
        """Renew what is held for long, and try a directory that failed. Until it is cancelled."""
        while True:
            await self._sleep(self._config.renew_s / _LOOKS)
            await self.look()

    async def look(self) -> None:
        """Renew what is due to be, and probe a failed directory if its time has come."""
        if self._is_closed:
            return
        jobs: list[Job] = []
        if not self._outage.is_on:
            held_s = self._config.ttl_s - self._config.renew_s
            jobs = self._book.renew_due(self._clock.monotonic() + held_s)
        elif self._outage.try_probe():
            jobs = [Job(Verb.PROBE)]
            self._put(jobs)
        await _done(jobs)

    async def acquire(self, keys: Sequence[str], about: str = "") -> Grip:
        """Take the leases on all of ``keys``, or none, and wait for nobody.

        ``about`` is a text for a process that finds one held. Raises :class:`LeaseHeld`, and
        ``ValueError`` for a key that is too long for a lease. The grip has to be released.
        """
        if self._outage.is_on or self._is_closed:
            return self._bare()
        shares = self._book.join(keys, about)
        try:
            await _done([share.taken for share in shares])
        except BaseException:
            self._book.leave(shares)
            raise
        why_none = [share.why_none for share in shares if share.why_none is not None]
        for error in why_none:
            if not isinstance(error, OSError | LeaseLost):
                await _done(self._book.leave(shares))
                raise _anew(error)
        # One that was shared, and lost meanwhile, is found by confirm().
        if any(isinstance(error, OSError) for error in why_none):
            return self._bare(shares)
        return Grip(shares, bare=False)

    async def confirm(self, grip: Grip) -> None:
        """Make sure that no lease of ``grip`` was lost. Costs nothing while none can have been.

        One whose time is over is renewed; where that cannot be done, because the directory fails,
        the grip is bare from here on. Raises :class:`LeaseLost`.
        """
        if grip.bare:
            return
        now = self._clock.monotonic()
        over = [
            share for share in grip.shares if share.lease is None or share.lease.expires_at <= now
        ]
        if not over:
            return
        if not self._outage.is_on and not self._is_closed:
            await _done(self._book.renew([share for share in over if share.lease]))
        for share in over:
            if isinstance(share.why_none, LeaseLost):
                raise _anew(share.why_none)
        if any(share.lease is None or share.lease.expires_at <= now for share in over):
            grip.bare = True
            self._metrics.fallbacks += 1

    async def release(self, *grips: Grip) -> None:
        """Give back what no other command uses: the files are gone when this returns.

        Never fails: what cannot be given back is counted, and runs out. Cancelled, it is done all
        the same.
        """
        shares: list[Share] = []
        for grip in grips:
            shares += grip.shares
            grip.shares = []
        await _done(self._book.leave(shares))

    async def close(self) -> None:
        """Give back all that is held, whoever uses it, and end the thread. May be repeated."""
        self._is_closed = True
        if self._thread is None:
            return
        self._book.release_all()
        await self._thread.close()

    def _bare(self, shares: Sequence[Share] = ()) -> Grip:
        self._metrics.fallbacks += 1
        return Grip(list(shares), bare=True)

    def _put(self, jobs: Sequence[Job]) -> None:
        if self._thread is None:
            loop = asyncio.get_running_loop()
            ttl_s = self._config.ttl_s
            self._thread = LeaseThread(loop, self._files, self._clock, ttl_s, self._book.settle)
        self._thread.put(jobs)

    def _files(self) -> FileLeases:
        directory, owner = self._config.directory, self._config.owner
        return FileLeases(directory, owner, self._clock, boot_id(), self._pause)


async def _done(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if not job.done.is_set():
            await job.done.wait()


def _anew(error: BaseException) -> BaseException:
    """Return an error of its own for each of those who shared what failed."""
    if isinstance(error, LeaseHeld):
        return LeaseHeld(error.key, error.holder, error.about)
    return LeaseLost(error.key) if isinstance(error, LeaseLost) else error
