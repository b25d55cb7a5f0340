"""How far the log is, and who waits for it to grow.

What this process commits is known at once. What others commit is looked for while anybody waits.
"""

import asyncio
from contextlib import suppress

import asyncpg

from surestock.engine.postgres.levels import SQL
from surestock.engine.postgres.reader import Reader
from surestock.kit.errors import Unavailable

_LOOK_EVERY_S = 0.1


class Growth:
    """Knows the last record that is visible; it never goes back."""

    def __init__(self) -> None:
        self.sequence = 0
        self._grown = asyncio.Event()
        self._awaited = asyncio.Event()
        self._waiting = 0

    def told(self, sequence: int) -> None:
        """Take note that record ``sequence`` is visible."""
        if sequence > self.sequence:
            self.sequence = sequence
            self._grown.set()
            self._grown = asyncio.Event()

    async def beyond(self, sequence: int) -> None:
        """Return once a record above ``sequence`` is visible."""
        self._waiting += 1
        self._awaited.set()
        try:
            while self.sequence <= sequence:
                await self._grown.wait()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._awaited.clear()

    async def look(self, reader: Reader) -> None:
        """Look for what others commit, while anybody waits, until cancelled."""
        while True:
            await self._awaited.wait()
            with suppress(Unavailable):  # readiness says it; who waits goes on waiting
                self.told(await reader.ask(head))
            await asyncio.sleep(_LOOK_EVERY_S)


async def head(connection: asyncpg.Connection) -> int:
    """Return the last record that is visible."""
    return int(await connection.fetchval(SQL["head"]))
