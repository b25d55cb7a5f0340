"""The leases of this process and of a neighbour, in one directory, on a clock that a test moves.

The neighbour is a plain :class:`FileLeases` in a thread, whose verbs tell what is on the disk.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from surestock.kit.boot import boot_id
from surestock.kit.clock import ManualClock
from surestock.locking import LeaseConfig, Leases
from surestock.locking.lease import FileLeases, Lease
from surestock.resilience.breaker import BreakerConfig
from surestock.telemetry.locks import LockMetrics
from surestock.telemetry.log import make_log

TTL_S, RENEW_S = 2.0, 1.0
FAILURES, COOLDOWN_S = 3, 5.0


class Elsewhere:
    """The verbs of another process, for a test on an event loop that must not be blocked."""

    def __init__(self, leases: FileLeases) -> None:
        self._leases = leases

    async def acquire(self, key: str, about: str = "") -> Lease:
        return await asyncio.to_thread(self._leases.acquire, key, TTL_S, about)

    async def release(self, lease: Lease) -> None:
        await asyncio.to_thread(self._leases.release, lease)

    async def is_locked(self, key: str) -> bool:
        return await asyncio.to_thread(self._leases.is_locked, key)


class House:
    """One process's leases, what they counted and logged, and the neighbour."""

    def __init__(self, directory: Path, boot: str) -> None:
        self.directory = directory
        self.clock = ManualClock()
        self.metrics = LockMetrics()
        self.lines: list[bytes] = []
        self.slept: list[float] = []
        self._asleep, self._woken = asyncio.Event(), asyncio.Event()
        breaker = BreakerConfig(FAILURES, COOLDOWN_S)
        self.config = LeaseConfig(directory, "this process", TTL_S, RENEW_S, breaker)
        log = make_log(self.lines.append, self.clock, "info")
        self.leases = Leases(
            self.config, self.clock, self.metrics, log, self._sleep, lambda _: None
        )
        self._files = FileLeases(directory, "neighbour", self.clock, boot, lambda _: None)
        self.neighbour = Elsewhere(self._files)

    async def _sleep(self, seconds: float) -> None:
        """Sleep until a test wakes whoever sleeps."""
        self.slept.append(seconds)
        self._asleep.set()
        await self._woken.wait()
        self._woken.clear()

    async def wake(self) -> None:
        """Wake who sleeps, once it does, and wait until it sleeps again."""
        await self._asleep.wait()
        self._asleep.clear()
        self._woken.set()
        await self._asleep.wait()

    def counted(self) -> dict[str, int]:
        """Return every counter that is not nothing."""
        counted: dict[str, Any] = {
            name: getattr(self.metrics, name) for name in LockMetrics.__slots__
        }
        return {name: count for name, count in counted.items() if count}

    def names(self) -> list[str]:
        """Return the names of the leases' own files."""
        return [each.name for each in self.directory.iterdir() if len(each.name) == 40]

    async def settled(self) -> None:
        """Wait until the thread has done all that it was asked to do so far."""
        grip = await self.leases.acquire(["a key of its own"])
        await self.leases.release(grip)

    def close(self) -> None:
        self._files.close()

    def break_directory(self) -> None:
        """Put a file in the directory's place, so that it cannot be used: not by root either."""
        self.directory.rename(self.directory.with_name("aside"))
        self.directory.write_text("no directory")

    def mend_directory(self) -> None:
        """Put the directory back, as it was."""
        self.directory.unlink()
        self.directory.with_name("aside").rename(self.directory)


@asynccontextmanager
async def house(directory: Path) -> AsyncIterator[House]:
    """Have leases for the length of a block."""
    built = House(directory, await asyncio.to_thread(boot_id))
    try:
        yield built
    finally:
        await built.leases.close()
        built.close()
