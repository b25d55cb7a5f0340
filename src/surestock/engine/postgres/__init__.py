"""The engine on PostgreSQL: the same decisions in transactions, for many processes and machines."""

from surestock.engine.postgres.config import PostgresConfig
from surestock.engine.postgres.engine import PostgresEngine
from surestock.engine.postgres.observer import PostgresObserver

__all__ = ["PostgresConfig", "PostgresEngine", "PostgresObserver"]
