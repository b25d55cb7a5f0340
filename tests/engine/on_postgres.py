"""Engines on real PostgreSQL servers, opened like the others: by a directory that holds the data.

Here a directory holds a name only. There is one database for each server, and it belongs to the
directory whose name stands in it; for another one it is emptied first.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from surestock.database import known_migrations, migrate, open_connection
from surestock.engine.postgres import PostgresConfig, PostgresEngine
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from tests.database.patient import patient
from tests.real.fixtures import fresh_database, lasting_cluster
from tests.real.postgres import Cluster
from tests.real.postgres_binaries import installed_postgres

_EMPTY = """
DO $$ BEGIN EXECUTE (
    SELECT 'TRUNCATE ' || string_agg('surestock.' || tablename, ', ')
    FROM pg_tables WHERE schemaname = 'surestock' AND tablename <> 'migrations'
); END $$;
"""
_SEEDS = re.compile(r"^INSERT INTO.*?;$", re.MULTILINE | re.DOTALL)

_urls: dict[str, str] = {}
_owners: dict[str, str] = {}


def provide(config: pytest.Config) -> None:
    """Start a server of each version, with a database that is migrated."""
    for version in installed_postgres():
        cluster = lasting_cluster(config, version)
        if version not in _urls:
            _urls[version] = asyncio.run(_migrated(cluster))


async def _migrated(cluster: Cluster) -> str:
    # The server has no TLS. To ask for it first leaves something behind when that is given up.
    url = f"{cluster.url(fresh_database(cluster))}?sslmode=disable"
    connection = await open_connection(patient(url))
    await migrate(connection)
    await connection.close()
    return url


class Kept(PostgresEngine):
    """The engine; what has to run beside it runs from its start to its close."""

    def __init__(
        self,
        version: str,
        directory: Path,
        clock: Clock,
        ttl: timedelta,
        refusals: int,
        ids: IdSource | None = None,
    ) -> None:
        if version not in _urls:
            pytest.skip(f"no PostgreSQL {version} here")
        self._version = version
        self._name = _name_of(directory)
        self._kept: asyncio.Task[None] | None = None
        self.database = patient(_urls[version])
        config = PostgresConfig(
            self.database, ttl, max_refusals=refusals, join_timeout_s=60.0, patience_s=60.0
        )
        super().__init__(config, clock, ids or IdSource())

    async def start(self) -> None:
        """Empty the database, unless it is this directory's; start, and keep healthy."""
        if _owners.get(self._version) != self._name:
            connection = await open_connection(self.database)
            await connection.execute(_EMPTY)
            steps = known_migrations()
            seeds = [seed for step in steps for seed in _SEEDS.findall(step.statements)]
            await connection.execute("".join(seeds))
            await connection.close()
            _owners[self._version] = self._name
        await super().start()
        self._kept = asyncio.get_running_loop().create_task(self.keep_healthy())

    async def close(self) -> None:
        """End what runs beside it, then close."""
        if self._kept is not None:
            self._kept.cancel()
            await asyncio.wait([self._kept])
            if not self._kept.cancelled():
                self._kept.result()
        await super().close()


def _name_of(directory: Path) -> str:
    """Return the name that a directory holds; a new one for a new directory."""
    place = directory / "database"
    if not place.exists():
        directory.mkdir(parents=True, exist_ok=True)
        place.write_text(uuid4().hex)
    return place.read_text()


def open_on(version: str, ttl: timedelta, refusals: int) -> Callable[[Path, Clock], Engine]:
    """Return how an engine on a server of this version is opened."""

    def open_engine(directory: Path, clock: Clock) -> Engine:
        return Kept(version, directory, clock, ttl, refusals)

    return open_engine
