"""The one thread that works on lease files, so that the event loop never waits for the disk.

It works off all that was asked for meanwhile and answers that in one go: under load, waking each
other would cost more than the work. It keeps the order in which it was asked, so that a key which
is released and wanted again is released first.
"""

from asyncio import AbstractEventLoop, Event
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from surestock.kit.clock import Clock
from surestock.locking.lease import FileLeases, Lease, LeaseLost
from surestock.locking.share import Job, Share, Verb

_MOST_AT_ONCE = 64
"""So many jobs wait for each other's end, at most."""

Settle = Callable[[list[Job]], None]


class LeaseThread:
    """Carries out jobs in order. Started when made, by the event loop that it answers.

    ``make_files`` is called in the thread, and again whenever it raised ``OSError``. ``settle`` is
    called on the loop with jobs that are done, each once.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        make_files: Callable[[], FileLeases],
        clock: Clock,
        ttl_s: float,
        settle: Settle,
    ) -> None:
        self._loop = loop
        self._make_files = make_files
        self._monotonic = clock.monotonic
        self._ttl_s = ttl_s
        self._settle = settle
        self._files: FileLeases | None = None
        self._left_over: dict[str, Lease] = {}
        self._ended = Event()
        self._queue: SimpleQueue[Sequence[Job] | None] = SimpleQueue()
        Thread(target=self._run, name="surestock-leases", daemon=True).start()

    def put(self, jobs: Sequence[Job]) -> None:
        """Hand over jobs."""
        self._queue.put(jobs)

    async def close(self) -> None:
        """Carry out what was handed over, then end the thread. May be repeated."""
        self._queue.put(None)
        await self._ended.wait()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            jobs: list[Job] = []
            while goes_on and (not jobs or (len(jobs) < _MOST_AT_ONCE and not self._queue.empty())):
                handed_over = self._queue.get()
                goes_on = handed_over is not None
                jobs += handed_over or ()
            for job in jobs:
                try:
                    self._carry_out(job)
                except BaseException as error:  # noqa: BLE001 - carried to the event loop
                    job.error = error
            self._loop.call_soon_threadsafe(self._settle, jobs)
        if self._files is not None:
            self._files.close()
        self._loop.call_soon_threadsafe(self._ended.set)

    def _carry_out(self, job: Job) -> None:
        if self._files is None:
            self._files = self._make_files()
        share = job.share
        if share is None:
            self._files.probe()
        elif job.verb is Verb.ACQUIRE:
            job.lease = share.on_disk = self._acquired(self._files, share)
        elif share.on_disk is not None:
            self._note_time(job, share, share.on_disk)
            if job.verb is Verb.RENEW:
                job.lease = self._renewed(self._files, share, share.on_disk)
            else:
                self._release(self._files, share, share.on_disk)

    def _acquired(self, files: FileLeases, share: Share) -> Lease:
        left_over = self._left_over.get(share.key)
        if left_over is not None:
            # It could not be released, so it would be this process that keeps the key from us.
            try:
                lease = files.renew(left_over, self._ttl_s)
            except LeaseLost:
                lease = files.acquire(share.key, self._ttl_s, share.about)
            del self._left_over[share.key]
            return lease
        return files.acquire(share.key, self._ttl_s, share.about)

    def _note_time(self, job: Job, share: Share, lease: Lease) -> None:
        if not share.ran_out and self._monotonic() >= lease.expires_at:
            share.ran_out = job.found_over = True

    def _renewed(self, files: FileLeases, share: Share, lease: Lease) -> Lease:
        try:
            share.on_disk = files.renew(lease, self._ttl_s)
        except LeaseLost:
            share.on_disk = None
            raise
        share.ran_out = False
        return share.on_disk

    def _release(self, files: FileLeases, share: Share, lease: Lease) -> None:
        share.on_disk = None
        try:
            files.release(lease)
        except OSError:
            now = self._monotonic()
            self._left_over = {k: v for k, v in self._left_over.items() if v.expires_at > now}
            self._left_over[share.key] = lease
            raise
