"""The rows of ENGINE=postgres, each on a PostgreSQL server of its own, made like the textbook's.

The textbook is measured on one SKU as well, and is asked by as many clients. One process of
Surestock with 64 clients has batches of up to 64. So a row with more processes has as many clients
for each of them, and a second one shows what 64 clients make of the same processes.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from benchmarks.client import count_rows, send_rows
from benchmarks.contender import Contender, Role, start_peer, start_surestock, surestock_executable
from benchmarks.errors import UnsoundMeasurement
from benchmarks.fill import fill_postgres
from benchmarks.fleet import await_fleet
from benchmarks.load import Load
from benchmarks.peers.names import Peer
from benchmarks.plan import Plan
from benchmarks.postgres_cluster import Cluster, postgres_cluster
from benchmarks.process import Server

_FILL_BATCH: Final = 1_000


def textbook_contenders(plan: Plan, stack: ExitStack, scratch: Path) -> list[Contender]:
    """Return the textbook over many SKUs and on one. Its databases end with ``stack``."""

    def over(skus: int) -> Callable[[Path], Server]:
        def start(directory: Path) -> Server:
            cluster = stack.enter_context(postgres_cluster(scratch))
            fill_postgres(cluster.socket_directory, skus)
            server = start_peer(Peer.POSTGRES, directory, str(cluster.socket_directory))
            server.database_pid = cluster.pid
            return server

        return start

    many, title = plan.skus, "FastAPI + asyncpg + PostgreSQL, one transaction"
    return [
        Contender("e", title, Load("reserve", many), over(many)),
        Contender("e'", "the same on one SKU", Load("reserve", 1), over(1)),
    ]


def engine_contenders(plan: Plan, stack: ExitStack, scratch: Path) -> list[Contender]:
    """Return the rows of ENGINE=postgres. Their databases end with ``stack``."""

    def over(skus: int, processes: int = 1, role: Role = "api") -> Callable[[Path], Server]:
        def start(directory: Path) -> Server:
            cluster = stack.enter_context(postgres_cluster(scratch))
            server = _start(directory, cluster, processes, role)
            send_rows(server.port, count_rows(skus), _FILL_BATCH)
            asyncio.run(_analyze(cluster))
            return server

        return start

    def reserves(crowd: int = 1) -> Load:
        return Load("reserve", plan.skus, crowd=crowd)

    many, clients = plan.skus, plan.connections
    return [
        Contender("l", f"ENGINE=postgres, {many:,} SKUs, no worker", reserves(), over(many)),
        Contender("l'", "the same on one SKU", Load("reserve", 1), over(1)),
        Contender("m", "(l) with its worker", reserves(), over(many, role="all")),
        Contender("n", f"(l), 2 processes, {2 * clients} clients", reserves(2), over(many, 2)),
        Contender("n'", f"(l), 4 processes, {4 * clients} clients", reserves(4), over(many, 4)),
        Contender("o", f"(l), 2 processes, {clients} clients", reserves(), over(many, 2)),
        Contender("o'", f"(l), 4 processes, {clients} clients", reserves(), over(many, 4)),
    ]


def _start(directory: Path, cluster: Cluster, processes: int, role: Role) -> Server:
    """Start Surestock on a database whose tables it makes first."""
    socket = quote(str(cluster.socket_directory))
    settings = {
        "ENGINE": "postgres",
        "DATABASE_URL": f"postgres://postgres@/postgres?host={socket}",
    }
    migrated = subprocess.run(
        [str(surestock_executable()), "migrate"],
        env={"PATH": os.defpath, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if migrated.returncode != 0:
        raise UnsoundMeasurement(f"surestock migrate failed: {migrated.stderr[-500:]}")
    server = start_surestock(directory, role, settings, processes)
    await_fleet(server, directory / "requests.log", processes)
    server.database_pid = cluster.pid
    return server


async def _analyze(cluster: Cluster) -> None:
    """Let the planner know the tables, as it knows the textbook's."""
    connection = await asyncpg.connect(
        host=str(cluster.socket_directory), user="postgres", database="postgres"
    )
    await connection.execute("ANALYZE")
    await connection.close()
