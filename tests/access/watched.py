"""Keys that are watched at the pace of a test, and what is logged about them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from surestock.access.changing import Grant
from surestock.access.credential import Credential
from surestock.access.scope import Scope
from surestock.access.watch import EVERY_S, WatchedKeys
from surestock.kit.clock import ManualClock
from surestock.telemetry.log import make_log
from tests.access.keyed import header

GRANT = Grant("till", [Scope.INVENTORY_READ])


class Pace:
    """Stands in for sleeping: a look is taken when the test asks for one."""

    def __init__(self) -> None:
        self._asleep = asyncio.Event()
        self._wake = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        assert seconds == EVERY_S
        self._asleep.set()
        await self._wake.wait()
        self._wake.clear()

    async def look(self) -> None:
        """Let one look be taken, and come back when it is over."""
        await self._asleep.wait()
        self._asleep.clear()
        self._wake.set()
        await self._asleep.wait()


class Watched:
    """Keys that are watched, and what was logged about them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[bytes] = []
        self.pace = Pace()
        log = make_log(self.lines.append, ManualClock(), "info")
        self.keys = WatchedKeys(path, log, self.pace.sleep)

    def knows(self, credential: Credential) -> bool:
        return self.keys.caller_of(header(credential)) is not None

    def logged(self) -> list[tuple[str, str]]:
        """Return level and event of each entry since the last call."""
        entries: list[dict[str, Any]] = [msgspec.json.decode(line) for line in self.lines]
        self.lines.clear()
        return [(entry["level"], entry.get("why", entry["event"])) for entry in entries]


READ = ("info", "the API keys were read")


@asynccontextmanager
async def watching(path: Path) -> AsyncIterator[Watched]:
    """Watch ``path`` while the body runs; the first reading is over and logged."""
    watched = Watched(path)
    await asyncio.to_thread(watched.keys.load)
    assert watched.logged() == [READ]
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watched.keys.run())
        yield watched
        running.cancel()
