"""Whom the PostgreSQL engine tells."""

from surestock.resilience.breaker import BreakerState


class PostgresObserver:
    """Is told what happens. This one does nothing; telemetry brings one that counts."""

    def committed(self, records: int, seconds: float) -> None:
        """``records`` became durable together, in a transaction of ``seconds``."""

    def retried(self, reason: str) -> None:
        """Something is tried again: for a ``conflict``, a ``lock``, or a ``lost`` connection."""

    def failed(self, commands: int) -> None:
        """``commands`` could not be carried out, and were answered so."""

    def breaker(self, state: BreakerState, openings: int) -> None:
        """The breaker on the database has another state; it opened ``openings`` times so far."""

    def connected(self) -> None:
        """A connection was made."""

    def recovered(self, sequence: int, seconds: float) -> None:
        """The engine is ready, at record ``sequence``."""
