"""The memory and the open log of a log engine, from its start to its close."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.followers import Followers
from surestock.engine.log.frontier import frontier_at
from surestock.engine.log.group_commit import GroupCommit
from surestock.engine.log.health import Health
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.memory import Memory
from surestock.engine.log.ticket import Pending
from surestock.journal.append import LogEnd
from surestock.journal.position import Frontier
from surestock.journal.scan import Place
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus

OpensLog: TypeAlias = Callable[[LogConfig, Clock, LogObserver], OpenLog]


class OpenCore:
    """What is there before anything is decided, and after."""

    def __init__(
        self,
        config: LogConfig,
        clock: Clock,
        ids: IdSource,
        observer: LogObserver,
        open_log: OpensLog = OpenLog,
    ) -> None:
        self._open_log = open_log
        self._config = config
        self._clock = clock
        self._ids = ids
        self._observer = observer
        self.memory = Memory(config, observer)
        self.followers = Followers()
        self.sequence = 0
        """The last durable record."""
        self._sequence = 0
        self.end: LogEnd | None = None
        self._place: Place | None = None
        self._log: OpenLog | None = None
        self._group: GroupCommit | None = None
        self.health = Health(config.breaker, clock, observer)
        self._closing = False

    async def start(self) -> None:
        """Recover the state, in a worker thread, and open the log. Raises a ``JournalError``."""
        loop = asyncio.get_running_loop()
        end = await asyncio.to_thread(self._recover)
        self.health.started(loop, None if end.torn is None else end.torn.why)
        self._group = GroupCommit(loop, self._clock, self._settle, self._fail)
        if self._log is not None:
            self._group.start(self._log.writer(end, self._group.written))

    def _recover(self) -> LogEnd:
        log = self._open_log(self._config, self._clock, self._observer)
        try:
            recovered = log.replay(self.memory)
        except BaseException:
            log.close()
            raise
        self._log = log
        self._sequence = self.sequence = recovered.sequence
        self.end = recovered.end
        self.memory.overlay.timers.add_all(self.memory.state.reservations.values())
        return recovered.end

    async def drained(self) -> None:
        """Wait until nothing is on its way to the disk."""
        if self._group is not None:
            await self._group.drained()

    async def probe(self) -> BaseException | None:
        """Find out whether the log can grow; return why not, or None."""
        if self._group is None:
            msg = "the engine has not been started"
            raise AssertionError(msg)
        return await self._group.probe()

    def frontier(self) -> Frontier | None:
        """Return how far the log is durable; None when nothing is in it."""
        return frontier_at(self.sequence, self._place, self.end)

    async def refresh(self, fresh: Callable[[], Awaitable[None]] | None = None) -> None:
        """Look at what was indexed meanwhile, and let go of that in memory.

        ``fresh`` is awaited in between: what is indexed must have been applied.
        """
        oldest = self._clock.now() - self._config.idempotency_ttl
        indexed = await asyncio.to_thread(self.memory.old.refresh, oldest)
        if fresh is not None:
            await fresh()
        self.memory.forget_through(indexed)

    async def keep_healthy(self) -> None:
        """Find out when the log can be written again, each time that it cannot."""
        await self.health.keep(self.probe)

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        depth = 0 if self._group is None else self._group.depth
        reasons = self.health.reasons()
        read_only = bool(reasons)
        if depth >= self._config.max_pending:
            reasons.append("the queue of commands is full")
        breaker = self.health.breaker
        return EngineStatus(self.sequence, depth, read_only, tuple(reasons), breaker)

    def refuse(self) -> None:
        """Take on nothing more."""
        self._closing = True

    async def close(self) -> None:
        """Make durable what was submitted, take on nothing more, and let go of the log."""
        self.refuse()
        if self._group is not None:
            await self._group.close()
            self._group = None
        if self._log is not None:
            self._log.close()
            self._log = None

    @abstractmethod
    def _settle(self, batch: list[Pending], place: Place, seconds: float, synced_s: float) -> None:
        """Apply records that are durable, and answer."""

    @abstractmethod
    def _fail(self, batch: list[Pending], error: BaseException) -> None:
        """Answer commands whose records did not become durable, and forget what they changed."""
