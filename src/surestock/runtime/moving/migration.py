"""Bring the schema of a database up to date."""

from collections.abc import Callable

from surestock.database import DatabaseConfig, Lane, Migration, migrate
from surestock.runtime.offline.tables.session import long_use, patient


async def migrate_database(url: str, applied: Callable[[Migration], None]) -> None:
    """Apply what is missing; ``applied`` is told of each. Raises a ``DatabaseError``."""
    lane = Lane(patient(url, "surestock migrate"))
    try:
        async with long_use(lane) as connection:
            await migrate(connection, applied)
    finally:
        await lane.close()


def moving_config(url: str) -> DatabaseConfig:
    """Return the configuration of a move's connection to ``url``."""
    return patient(url, "surestock move")
