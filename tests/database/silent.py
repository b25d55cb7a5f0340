"""Hosts that take a connection and say nothing, as a machine does that stands still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Silent:
    """It listens at ``port``. ``met`` is set once it was asked, ``open`` tells who still waits."""

    def __init__(self) -> None:
        self.port = 0
        self.open = 0
        self.met = asyncio.Event()

    async def left(self) -> None:
        """Return once nobody waits any more."""
        async with asyncio.timeout(30):
            while self.open:  # noqa: ASYNC110 - the end of a connection is no event
                await asyncio.sleep(0.01)

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Listen to one client, until it has gone."""
        self.open += 1
        self.met.set()
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def silent_host() -> AsyncIterator[Silent]:
    """Give such a host, which nobody may still wait for at the end of the block."""
    silent = Silent()
    async with await asyncio.start_server(silent.hear, "127.0.0.1", 0) as server:
        silent.port = server.sockets[0].getsockname()[1]
        yield silent
        await silent.left()
