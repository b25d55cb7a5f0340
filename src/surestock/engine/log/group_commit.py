"""Group commit: while one batch is on its way to the disk, the next one gathers.

At most one batch is with the writer thread. Everything here runs on the event loop.
"""

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable

from surestock.engine.log.ticket import Pending
from surestock.journal.append import Batch
from surestock.journal.scan import Place
from surestock.journal.writer import JournalWriter
from surestock.kit.clock import Clock

_MAX_BATCH_RECORDS = 4096


class GroupCommit:
    """Gathers records and hands them to the journal, a batch at a time.

    ``durable(records, place, seconds, synced_s)`` is called for a batch that is on disk, so many
    seconds after it was handed over, of which the sync took the latter; ``failed(records, error)``
    with every record that is not, and will not be. ``depth`` is how many records are submitted and
    neither, ``newest`` the last of them. A defect in ``durable`` fails the rest of its batch, and
    what had gathered behind it.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        clock: Clock,
        durable: Callable[[list[Pending], Place, float, float], None],
        failed: Callable[[list[Pending], BaseException], None],
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._durable = durable
        self._failed = failed
        self._writer: JournalWriter | None = None
        self._gathered: list[Pending] = []
        self._writing: list[Pending] = []
        self._handed_over_at = 0.0
        self._flush_is_due = False
        self.newest: Pending | None = None
        self._idle: Future[None] | None = None
        self.depth = 0

    def start(self, writer: JournalWriter) -> None:
        """Write through ``writer``, whose ``written`` is :meth:`written`."""
        self._writer = writer

    def submit(self, pending: Pending) -> None:
        """Take a record for the next batch. Records are written in the order of submission."""
        self._gathered.append(pending)
        self.depth += 1
        self.newest = pending
        if not self._writing and not self._flush_is_due:
            # Once this turn of the event loop is over: what else it decides goes with it.
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._writing or not self._gathered or self._writer is None:
            return
        self._writing = self._gathered[:_MAX_BATCH_RECORDS]
        del self._gathered[:_MAX_BATCH_RECORDS]
        first, last = self._writing[0].promised.sequence, self._writing[-1].promised.sequence
        ts = self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._handed_over_at = self._clock.monotonic()
        records = []
        for pending in self._writing:
            records.append(pending.encoded)
            pending.encoded = b""
        self._writer.put(Batch(first, last, ts, records))

    def written(self, _batch: Batch, result: Place | BaseException, synced_s: float) -> None:
        """Take the writer's word, in its thread, over to the event loop."""
        self._loop.call_soon_threadsafe(self._settle, result, synced_s)

    def _settle(self, result: Place | BaseException, synced_s: float) -> None:
        batch, self._writing = self._writing, []
        self.depth -= len(batch)
        try:
            if not isinstance(result, Place):
                self._give_up(batch, result)
                return
            try:
                seconds = self._clock.monotonic() - self._handed_over_at
                self._durable(batch, result, seconds, synced_s)
            except BaseException as defect:
                self._give_up(batch, defect)
                raise
            if self._gathered:
                self._flush()
        finally:
            if not self.depth:
                self.newest = None
                if self._idle is not None and not self._idle.done():
                    self._idle.set_result(None)

    def _give_up(self, batch: list[Pending], error: BaseException) -> None:
        # Whatever gathered meanwhile was decided on the records that are lost.
        batch += self._gathered
        self._gathered = []
        self.depth = 0
        self._failed(batch, error)

    async def probe(self) -> BaseException | None:
        """Let the writer thread find out whether the log can grow; return why not, or None.

        Only once nothing is on its way: a probe is no reason to hold a record up.
        """
        await self.drained()
        if self._writer is None:
            msg = "the writer thread has ended"
            raise AssertionError(msg)
        found: Future[BaseException | None] = self._loop.create_future()

        def tell(result: BaseException | None) -> None:
            if not found.done():  # else whoever asked was cancelled
                found.set_result(result)

        def probed(result: BaseException | None) -> None:
            self._loop.call_soon_threadsafe(tell, result)

        self._writer.probe(probed)
        return await found

    async def drained(self) -> None:
        """Wait until nothing is on its way."""
        while self.depth:
            if self._idle is None or self._idle.done():
                self._idle = self._loop.create_future()
            await self._idle

    async def close(self) -> None:
        """Make durable what was submitted, then end the writer thread."""
        await self.drained()
        if self._writer is not None:
            await self._loop.run_in_executor(None, self._writer.close)
            self._writer = None
