"""What the PostgreSQL engine needs to know."""

from datetime import timedelta

from msgspec import Struct

from surestock.database import DatabaseConfig
from surestock.resilience.breaker import BreakerConfig


class PostgresConfig(Struct, frozen=True):
    """Settings of the engine.

    ``max_pending`` bounds the commands that wait or are under way, ``max_refusals`` those that are
    remembered by their keys. ``join_timeout_s`` is how long a repeated key waits for the first,
    ``patience_s`` how long a command is tried again while the database is lost or another process
    is in the way. ``readers`` is how many connections read. With ``fail_fast``, a command whose
    rows another process is changing is refused at once, to be tried again in ``retry_after_s``.
    """

    database: DatabaseConfig
    idempotency_ttl: timedelta = timedelta(hours=24)
    max_pending: int = 10_000
    max_refusals: int = 10_000
    join_timeout_s: float = 5.0
    patience_s: float = 5.0
    breaker: BreakerConfig = BreakerConfig()
    readers: int = 2
    fail_fast: bool = False
    retry_after_s: int = 1
