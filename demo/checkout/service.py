"""A service that is killed and started again in the middle of business, at the same port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from demo.home import Home
from demo.process import expect_nothing, free_port, start, stop, wait_until_ready


class Service:
    """The service on ``home``, with more ``settings``. What it prints goes to ``log``."""

    def __init__(self, home: Home, log: Path, settings: tuple[str, ...]) -> None:
        self.home = home
        self.port = free_port()
        self.kills = 0
        self._log = log
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run while the body runs; then end by SIGTERM. Raises :class:`ServiceFailed`."""
        await self._start()
        try:
            await expect_nothing(self.port)
            yield
        finally:
            if self._process is not None:
                await stop(self._process, self._log)

    async def kill_and_start(self) -> None:
        """End it by SIGKILL, as a crash does, and start it again."""
        async with self._turn:
            assert self._process is not None
            self._process.kill()
            await self._process.wait()
            self.kills += 1
            await self._start()

    async def _start(self) -> None:
        self._process = await start(self.home, self._log, self.port, *self._settings)
        await wait_until_ready(self._process, self.port, self._log)
