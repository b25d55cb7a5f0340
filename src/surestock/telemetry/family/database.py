"""Connections to the database, and transactions that had to be tried again."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from surestock.telemetry.database import DatabaseMetrics
from surestock.telemetry.family.shape import counter_by, counters


def database_families(database: DatabaseMetrics) -> Iterator[Metric]:
    """Yield every family about the database. All stay 0 where an engine has none."""
    yield counter_by(
        "reason",
        "surestock_database_retries",
        "Transactions that were tried again, by why.",
        database.retries,
    )
    yield from counters(
        (
            "surestock_database_connections_opened",
            "Connections of the engine to the database that were opened.",
            database.connections,
        )
    )
