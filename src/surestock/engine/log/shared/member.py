"""One of several processes on a log, from its start to its close."""

from contextlib import suppress

import anyio
from msgspec.structs import replace

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.engine import LogEngine
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.fresh_reads import FreshReads
from surestock.engine.log.shared.log import SharedLog
from surestock.engine.log.shared.turns import Turns
from surestock.journal.errors import WriteFailed
from surestock.journal.frontier_page import FrontierTorn
from surestock.journal.position import Frontier
from surestock.journal.shared_append import position_of
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus
from surestock.locking import Leases
from surestock.telemetry.locks import LockMetrics


class LogMember(FreshReads, LogEngine):
    """The log engine, as far as it is not about a command. :meth:`keep_healthy` has to run."""

    def __init__(
        self,
        config: LogConfig,
        clock: Clock,
        ids: IdSource,
        leases: Leases,
        metrics: LockMetrics,
        observer: LogObserver,
    ) -> None:
        super().__init__(config, clock, ids, observer, self._open)
        self._log: SharedLog | None = None
        self._frontier: Frontier | None = None
        health = self._core.health
        self._following = Following(self._core, config, observer, health.failed)
        self._turns = Turns(self._core, self._following, clock, metrics)
        self._leases = leases

    def _open(self, config: LogConfig, clock: Clock, observer: LogObserver) -> OpenLog:
        self._log = SharedLog(config, clock, observer)
        return self._log

    async def start(self) -> None:
        """Recover the state from the log. Raises a ``JournalError`` when it cannot be trusted."""
        await super().start()
        log, end = self._log, self._core.end
        assert log is not None, "an engine that has started has a log"
        assert end is not None, "and has found its end"
        self._following.start(log.page, position_of(self._core.sequence, end))
        self._turns.start(log)

    async def close(self) -> None:
        """Make durable what was decided, and let go of the leases and of the log."""
        self._frontier = self.frontier()
        self._following.stop()
        await self._leases.close()
        await super().close()
        self._log = None

    async def keep_healthy(self) -> None:
        """Take turns at the log, follow others, renew leases, and probe what failed."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._turns.run)
            tasks.start_soon(self._following.watch)
            tasks.start_soon(self._leases.run)
            tasks.start_soon(self._core.health.keep, self._probe)

    async def _probe(self) -> BaseException | None:
        try:
            async with self._turns.turn(probing=True):
                # The writer lock is not let go of while the probe's thread may be at the log.
                with anyio.CancelScope(shield=True):
                    return await self._core.probe()
        except Unavailable as error:
            return WriteFailed(str(error))
        return None

    def frontier(self) -> Frontier | None:
        """Return how far the log is durable, whoever wrote it; None when nothing is in it."""
        if self._log is not None:
            with suppress(FrontierTorn):  # then it is what it was a moment ago
                position = self._log.page.read()
                self._frontier = None if position is None else position.frontier
        return self._frontier

    async def refresh(self) -> None:
        """Look at what was indexed meanwhile, and let go of that in memory."""
        await self._core.refresh(self._following.fresh)

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels."""
        await self._following.fresh()
        if not self._memory.overlay.timers.due_keys(self._clock.now()):
            return 0
        async with self._turns.turn():
            return await super().expire_due()

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        status = super().status()
        frontier = self.frontier()
        sequence = status.sequence if frontier is None else frontier.sequence
        locks = self._leases.breaker
        warnings = tuple(self._leases.warnings())
        return replace(status, sequence=sequence, locks=locks, warnings=warnings)
