"""What the log engine reports, turned into metrics and log lines."""

from collections.abc import Callable
from pathlib import Path

from surestock.engine.log import LogObserver
from surestock.resilience.breaker import BreakerState
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics


class EngineTelemetry(LogObserver):
    """What the log engine reports, as metrics and log lines; ``on_commit`` is told, too."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self.on_commit: Callable[[], None] = lambda: None
        self._metrics = metrics
        self._log = log

    def committed(self, records: int, seconds: float) -> None:
        """Count a group commit."""
        self._metrics.commit_records.observe(records)
        self._metrics.commit_s.observe(seconds)
        self.on_commit()

    def synced(self, seconds: float) -> None:
        """Count an fdatasync of the log."""
        self._metrics.fsync_s.observe(seconds)

    def breaker(self, state: BreakerState, openings: int) -> None:
        """Tell that the log is left alone, tried or used again."""
        self._metrics.breaker_states["journal"] = state
        self._metrics.breaker_openings["journal"] = openings
        if state is BreakerState.OPEN:
            self._log.error("the event log cannot be written; changes are refused")
        elif state is BreakerState.CLOSED:
            self._log.info("the event log can be written again")

    def retried(self) -> None:
        """Count a retried write. The writer's thread is the only one that does."""
        self._metrics.fs_retries += 1

    def failed(self, records: int) -> None:
        """Count commands that could not be written."""
        self._metrics.failed_commands += records
        self._log.error("commands could not be written to the log", commands=records)

    def torn(self, aside: Path, why: str) -> None:
        """Tell where a torn tail was put."""
        self._metrics.torn_tails += 1
        self._log.warning("a torn tail was cut off the log", aside=str(aside), why=why)

    def damaged(self, derived: Path, why: str) -> None:
        """Tell that a snapshot or an index is not used. It may be called in any thread."""
        self._log.warning("a derived file is damaged and not used", file=str(derived), why=why)

    def indexed(self, segment: Path) -> None:
        """Tell that the start has to make an index, which takes its time."""
        self._log.info("a missing index was made", segment=str(segment))

    def followed(self, records: int) -> None:
        """Count what other processes committed."""
        self._metrics.locks.followed_records += records
        self.on_commit()

    def recovered(self, sequence: int, seconds: float) -> None:
        """Tell how long recovery took."""
        self._metrics.recovery_s = seconds
        self._log.info("recovered", sequence=sequence, seconds=round(seconds, 3))
