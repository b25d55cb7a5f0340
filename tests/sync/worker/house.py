"""A log, a sync worker and an API process's link to it: the real ones, in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
from anyio import create_task_group

from surestock.journal.append import AppendConfig, Appender, Batch, LogEnd
from surestock.journal.line import GENESIS
from surestock.journal.position import Frontier
from surestock.journal.segment import first_of
from surestock.kit.clock import Clock, SystemClock
from surestock.kit.files import make_directory
from surestock.resilience.breaker import BreakerConfig
from surestock.sync.checkpoint import Checkpoint, read_checkpoint
from surestock.sync.keeper import CentralKeeper, Folders
from surestock.sync.link import CentralLink, Patience
from surestock.sync.socket_place import connect, listen
from surestock.sync.upkeep import Upkeep
from surestock.sync.worker import SyncWorker
from surestock.telemetry.log import make_log
from tests.sync.fold.paper import PaperLog

TS = "2026-01-01T00:00:00.000000Z"
NEVER_S = 3600.0


async def nothing() -> None:
    """Do no upkeep, and let go of nothing."""


class House:
    """``paper`` is what the log holds; ``lines`` is what worker and link logged."""

    def __init__(self, data: Path, segment_bytes: int = 1 << 26, most_bytes: int = 1 << 22) -> None:
        self.folders = Folders(
            data / "event-log", data / "archive", data / "snapshots", data / "central"
        )
        make_directory(self.folders.event_log)
        self.meeting_place = data / "worker"
        make_directory(self.meeting_place)
        self.paper = PaperLog()
        self.lines: list[dict[str, Any]] = []
        self.log = make_log(self._log, SystemClock(), "debug")
        self.frontier: Frontier | None = None
        self.appender = Appender(
            self.folders.event_log, LogEnd(None, 0, GENESIS), AppendConfig(segment_bytes)
        )
        self.links: list[CentralLink] = []
        self._most_bytes = most_bytes

    def _log(self, line: bytes) -> None:
        self.lines.append(msgspec.json.decode(line))

    async def write(self, *changes: Any) -> int:
        """Make a record durable, as :meth:`PaperLog.add` takes it, and tell the links."""
        self.frontier = await self.append(*changes)
        for link in self.links:
            link.advanced()
        return self.frontier.sequence

    async def append(self, *changes: Any) -> Frontier:
        """Write a record to the file, and tell nobody; return the frontier behind it."""
        sequence = self.paper.add(*changes)
        batch = Batch(sequence, sequence, TS, self.paper.records[-1:])
        place = await asyncio.to_thread(self.appender.append, batch)
        return Frontier(sequence, first_of(place.segment), place.offset + place.length)

    @asynccontextmanager
    async def worker(
        self, interval_s: float = NEVER_S, upkeep: Callable[[], Awaitable[None]] = nothing
    ) -> AsyncIterator[SyncWorker]:
        """Run a worker; at the end it ends in order."""
        keeper = CentralKeeper(self.folders, SystemClock().now, self.log, self._most_bytes)
        clock = SystemClock()
        care = Upkeep(upkeep, self.folders, lambda: keeper.passed, clock, self.log)
        worker = SyncWorker(keeper, care, interval_s, self.log)
        with await asyncio.to_thread(listen, self.meeting_place) as listener:
            async with create_task_group() as tasks:
                tasks.start_soon(worker.run, listener)
                try:
                    yield worker
                finally:
                    worker.end()

    @asynccontextmanager
    async def link(
        self,
        patience: Patience = Patience(20, 20),  # noqa: B008 - it is frozen
        clock: Clock | None = None,
        upkept: Callable[[], Awaitable[None]] = nothing,
        breaker: BreakerConfig = BreakerConfig(),  # noqa: B008 - the same
    ) -> AsyncIterator[CentralLink]:
        """Run a link, of an API process whose log is this house's."""
        link = CentralLink(
            self.meeting_place,
            lambda: self.frontier,
            upkept,
            clock or SystemClock(),
            self.log,
            patience,
            breaker,
        )
        self.links.append(link)
        async with create_task_group() as tasks:
            tasks.start_soon(link.run)
            try:
                yield link
            finally:
                tasks.cancel_scope.cancel()
                self.links.remove(link)

    @asynccontextmanager
    async def open(self, **worker: Any) -> AsyncIterator[CentralLink]:
        """Run a worker and a link to it."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.worker(**worker))
            yield await stack.enter_async_context(self.link())

    async def stranger(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the worker by hand."""
        return await asyncio.open_unix_connection(sock=connect(self.meeting_place))

    async def checkpoint(self) -> Checkpoint | None:
        """Return what the worker noted."""
        return await asyncio.to_thread(read_checkpoint, self.folders.central)

    def last_crc(self) -> str:
        """Return the crc of the log's last line."""
        newest = max(self.folders.event_log.glob("*.ndjson"))
        crc: str = msgspec.json.decode(newest.read_bytes().splitlines()[-1])["crc"]
        return crc

    async def logged(self, event: str) -> None:
        """Return once ``event`` was logged."""
        await self.until(lambda: event in self.events())

    def events(self) -> list[str]:
        """Return what was logged, by name."""
        return [line["event"] for line in self.lines]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Return once something has happened; the test's time-out bounds it."""
        while not happened():  # noqa: ASYNC110 - what happens here sets no event
            await asyncio.sleep(0.001)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.appender.close()
