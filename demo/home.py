"""Where the service keeps what it knows: a new directory, or an empty database.

With ``DATABASE_URL`` it is that database, and nobody else may use it. Without, it is one on a
PostgreSQL of its own, which keeps what it acknowledged and ends with the demo.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

ENGINES: Final = ("log", "postgres")
SURESTOCK: Final = Path(__file__).parent.parent / ".venv" / "bin" / "surestock"
SNAPSHOT_EVERY: Final = 5000
"""Records after which a segment is sealed and a snapshot is due: a short sale has some, too."""
_PYTHON: Final = SURESTOCK.with_name("python")
_NAME: Final = "DATABASE_URL"


class NoDatabase(Exception):
    """No PostgreSQL could be started, or its tables could not be made."""


class Home(NamedTuple):
    """A place to keep things: the service's settings (``NAME=value``), and the place in words."""

    settings: tuple[str, ...]
    words: str


@asynccontextmanager
async def home_for(engine: str, data_dir: Path) -> AsyncIterator[Home]:
    """Give where ``engine`` keeps what it knows; ``data_dir`` is for one that needs a directory.

    Raises :class:`NoDatabase`.
    """
    if engine == "log":
        settings = (f"DATA_DIR={data_dir}", f"SNAPSHOT_EVERY_N_EVENTS={SNAPSHOT_EVERY}")
        yield Home(("ENGINE=log", *settings), settings[0])
    elif os.environ.get(_NAME):
        home = Home(("ENGINE=postgres",), f"the database of {_NAME}")  # it may hold a password
        await _migrate(home)
        yield home
    else:
        async with _throw_away_database() as url:
            home = Home(("ENGINE=postgres", f"{_NAME}={url}"), "a PostgreSQL of its own")
            await _migrate(home)
            yield home


@asynccontextmanager
async def _throw_away_database() -> AsyncIterator[str]:
    """Give the URL of a database that ends with the context, or with this process."""
    process = await asyncio.create_subprocess_exec(
        str(_PYTHON),
        "-m",
        "demo.postgres",
        cwd=Path(__file__).parent.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is for the demo, which then ends this in order
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise NoDatabase("No PostgreSQL could be started; name a database with DATABASE_URL.")
        yield url
    finally:
        process.stdin.close()
        await process.wait()


async def _migrate(home: Home) -> None:
    code, printed = await run_command(home, "migrate")
    if code != 0:
        raise NoDatabase(f"surestock migrate failed: {printed}")


async def run_command(home: Home, command: str) -> tuple[int, str]:
    """Run a command of Surestock on ``home``; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        "env",
        *home.settings,
        str(SURESTOCK),
        command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return await process.wait(), printed.decode(errors="replace").strip()
