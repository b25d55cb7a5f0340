"""What the PostgreSQL engine reports, turned into metrics and log lines."""

from surestock.engine.postgres.observer import PostgresObserver
from surestock.resilience.breaker import BreakerState
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics


class DatabaseTelemetry(PostgresObserver):
    """What the engine reports, as metrics and log lines."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics = metrics
        self._log = log

    def committed(self, records: int, seconds: float) -> None:
        """Count a transaction that changed something."""
        self._metrics.commit_records.observe(records)
        self._metrics.commit_s.observe(seconds)

    def retried(self, reason: str) -> None:
        """Count a transaction that is tried again."""
        self._metrics.database.retries[reason] += 1

    def failed(self, commands: int) -> None:
        """Count commands that could not be carried out."""
        self._metrics.failed_commands += commands
        self._log.error("commands could not be committed to the database", commands=commands)

    def breaker(self, state: BreakerState, openings: int) -> None:
        """Tell that the database is left alone, tried or used again."""
        self._metrics.breaker_states["database"] = state
        self._metrics.breaker_openings["database"] = openings
        if state is BreakerState.OPEN:
            self._log.error("the database does not answer; nothing is read or changed")
        elif state is BreakerState.CLOSED:
            self._log.info("the database answers again")

    def connected(self) -> None:
        """Count a connection that was made."""
        self._metrics.database.connections += 1

    def recovered(self, sequence: int, seconds: float) -> None:
        """Tell how long the start took."""
        self._metrics.recovery_s = seconds
        self._log.info("recovered", sequence=sequence, seconds=round(seconds, 3))
