"""Schema and stock of the peers' databases, written before their servers start."""

import asyncio
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.client import place
from benchmarks.peers.sqlite import connect
from benchmarks.plan import ON_HAND

_SCHEMAS: Final = Path(__file__).parent / "peers"
_STOCK: Final = """
INSERT INTO stock (store_id, sku, on_hand)
SELECT 'store-' || n % 10, 'sku-' || n, $1 FROM generate_series(0, $2 - 1) AS n"""
_SINCE: Final = "2025-01-01T00:00:00+00:00"


async def _fill_postgres(socket_directory: Path, skus: int) -> None:
    connection = await asyncpg.connect(
        host=str(socket_directory), user="postgres", database="postgres"
    )
    await connection.execute((_SCHEMAS / "postgres_schema.sql").read_text())
    await connection.execute(_STOCK, ON_HAND, skus)
    await connection.execute("ANALYZE")
    await connection.close()


def fill_postgres(socket_directory: Path, skus: int) -> None:
    """Make the PostgreSQL peer's tables and open ``skus`` SKUs."""
    asyncio.run(_fill_postgres(socket_directory, skus))


def fill_sqlite(database: Path, skus: int) -> None:
    """Make the SQLite peer's tables and open ``skus`` SKUs."""
    connection = connect(str(database))
    connection.executescript((_SCHEMAS / "sqlite_schema.sql").read_text())
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO stock (store_id, sku, on_hand, updated_at) VALUES (?, ?, ?, ?)",
        ((*place(number), ON_HAND, _SINCE) for number in range(skus)),
    )
    connection.execute("COMMIT")
    connection.close()
