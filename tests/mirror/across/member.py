"""Processes that keep turns in one database: played here, or real ones to be struck."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import anyio
import asyncpg
import pytest

from surestock.database import DatabaseConfig, DatabaseDown, named_statements
from surestock.inventory.unavailable import DatabaseUnavailable
from surestock.kit.clock import SystemClock
from surestock.mirror.across import session
from surestock.mirror.across.database import DatabaseTurns
from surestock.telemetry.log import make_log
from tests.real.postgres import Cluster

LONGEST_S = 60.0
_HOLDS = """
import asyncio, sys
from surestock.database import DatabaseConfig
from surestock.kit.clock import SystemClock
from surestock.mirror.across.database import DatabaseTurns
from surestock.telemetry.log import make_log

async def main():
    config = DatabaseConfig(sys.argv[1], connect_s=20.0, deadline_s=6.0)
    turns = DatabaseTurns(config, "other", make_log(lambda _: None, SystemClock(), "info"))
    await turns.open()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(turns.run())
        print(await turns.try_lock(sys.argv[2]), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            await turns.confirm(sys.argv[2])
            print("held", flush=True)

asyncio.run(main())
"""


@asynccontextmanager
async def at_work(config: DatabaseConfig, name: str = "p") -> AsyncIterator[DatabaseTurns]:
    """Give the turns of a process that runs for the length of the block."""
    turns = DatabaseTurns(config, name, make_log(lambda _: None, SystemClock(), "info"))
    await until_open(turns)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(turns.run)
        yield turns
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def several(config: DatabaseConfig, number: int = 2) -> AsyncIterator[list[DatabaseTurns]]:
    """Give the turns of so many."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(at_work(config, f"p{it}")) for it in range(number)]


@contextmanager
def real_holder(config: DatabaseConfig, user: str) -> Iterator["subprocess.Popen[str]"]:
    """Let a real process have a user's turn."""
    command = [sys.executable, "-c", _HOLDS, config.url, user]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


@asynccontextmanager
async def session_of_nobody(config: DatabaseConfig) -> AsyncIterator[asyncpg.Connection]:
    """Give a session that is no process's, and end it whatever comes of it."""
    connection = await asyncpg.connect(config.url)
    try:
        yield connection
    finally:
        connection.terminate()


async def until_open(turns: DatabaseTurns) -> None:
    """Begin the session, which may take several tries where deadlines are short."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            with suppress(DatabaseDown):
                return await turns.open()
            await asyncio.sleep(0.01)


async def until_taken(turns: DatabaseTurns, user: str) -> None:
    """Ask until the turn is there."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            with suppress(DatabaseUnavailable):
                if await turns.try_lock(user):
                    return
            await asyncio.sleep(0.01)


async def until_somebody_waits(postgres: Cluster, database: str) -> None:
    """Wait until a session waits for a row that another one has."""
    waits = f"datname = '{database}' AND wait_event_type = 'Lock'"
    asked = f"SELECT FROM pg_stat_activity WHERE {waits}"
    async with asyncio.timeout(LONGEST_S):
        while not await asyncio.to_thread(postgres.execute, asked):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def change(monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    """Let a statement be another one."""
    known = named_statements("surestock.mirror.across", "turns.sql")
    assert old in known[name]
    monkeypatch.setattr(session, "_SQL", {**known, name: known[name].replace(old, new, 1)})


def sessions(postgres: Cluster, database: str, holder: str | None = None) -> list[str]:
    """Return the server's processes that have turns, of one holder or of all."""
    which = "" if holder is None else f" WHERE holder = '{holder}'"
    found = postgres.execute(f"SELECT DISTINCT backend_pid FROM surestock.turns{which}", database)  # noqa: S608
    return [str(pid) for (pid,) in found]


def end_sessions(postgres: Cluster, database: str, holder: str | None = None) -> None:
    """Let the server end them, and wait until they are gone."""
    for pid in sessions(postgres, database, holder):
        postgres.execute(f"SELECT pg_terminate_backend({pid}, 30000)")
