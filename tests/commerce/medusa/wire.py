"""A wire that can break: it carries requests on to a server, and may lose the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_HEAD_ENDS = b"\r\n\r\n"


class Wire:
    """Carries HTTP requests, each on a connection of its own.

    ``lose`` is a part of a path: the next request that has it is carried out, and its answer lost.
    """

    def __init__(self, server_url: str) -> None:
        self._server = urlsplit(server_url)
        self.lose: str | None = None
        self.url = ""
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break off towards the clients; what they asked for goes on."""
        for writer in self._open:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one request, and close."""
        self._open.add(writer)
        try:
            head = await reader.readuntil(_HEAD_ENDS)
            body = await reader.readexactly(_length(head))
            answer = await self._ask(_closing(head) + body)
            first_line = head.partition(b"\r\n")[0].decode("latin-1")
            if self.lose is not None and self.lose in first_line:
                self.lose = None
                return
            writer.write(_closing(answer))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The client hung up, which is what some tests are about.
        finally:
            self._open.discard(writer)
            writer.close()

    async def _ask(self, request: bytes) -> bytes:
        server = self._server
        reader, writer = await asyncio.open_connection(server.hostname, server.port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def breakable(server_url: str) -> AsyncIterator[Wire]:
    """Give a wire to the server."""
    wire = Wire(server_url)
    listener = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    async with listener:
        yield wire


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _closing(message: bytes) -> bytes:
    """Return a message that ends with its connection, whatever it said of that."""
    head, _, body = message.partition(_HEAD_ENDS)
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close"]) + _HEAD_ENDS + body
