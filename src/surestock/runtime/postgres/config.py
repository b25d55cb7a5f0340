"""From settings to the configuration of the PostgreSQL engine, and of other connections."""

from datetime import timedelta

from surestock.database import DatabaseConfig
from surestock.engine.postgres.config import PostgresConfig
from surestock.runtime.log_config import breaker_config
from surestock.runtime.settings import Settings

API = "surestock-api"
TURNS = "surestock-turns"
WORKER = "surestock-worker"
"""What connections are called in ``pg_stat_activity``."""


def database_config(settings: Settings, name: str) -> DatabaseConfig:
    """Return where the database of ``settings`` is; they must name one."""
    assert settings.database_url is not None, "settings are refused that need one and have none"
    return DatabaseConfig(settings.database_url, name=name)


def postgres_config(settings: Settings) -> PostgresConfig:
    """Return what ``settings`` say about the engine.

    Rows keep processes apart, so there are no leases: LOCKS_ENABLED says whether a command waits
    for another process, or is refused at once, as it is where there are some.
    """
    return PostgresConfig(
        database_config(settings, API),
        timedelta(milliseconds=settings.idemp_ttl_ms),
        max_pending=settings.load_shed_queue_max,
        breaker=breaker_config(settings),
        fail_fast=settings.locks_enabled,
        retry_after_s=max(1, -(-settings.lock_retry_after_ms // 1000)),
    )
