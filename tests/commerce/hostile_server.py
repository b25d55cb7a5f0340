"""A server on this machine that reads every request to its end, and then behaves as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from msgspec import structs

from surestock.commerce.http import Http, HttpConfig

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATIENT = HttpConfig("")
FAST = HttpConfig("", read_s=0.3, total_s=1.0)
"""For servers that never answer: too fast for a busy machine where an answer is due."""


class Server:
    """Keeps the head and the body of each request. ``asked`` is set by the first one."""

    def __init__(self, behave: Behave) -> None:
        self._behave = behave
        self._serving: set[asyncio.Task[object]] = set()
        self.requests: list[tuple[str, bytes]] = []
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    await self._read(reader)
                    await self._behave(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._serving.discard(task)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = (line.partition(": ") for line in head.split("\r\n"))
        length = next((int(value) for name, _, value in fields if name == "content-length"), 0)
        self.requests.append((head, await reader.readexactly(length)))
        self.asked.set()

    async def end(self) -> None:
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@asynccontextmanager
async def platform(
    behave: Behave, config: HttpConfig = PATIENT
) -> AsyncIterator[tuple[Http, Server]]:
    """Run a server, with a client for it."""
    ours = Server(behave)
    server = await asyncio.start_server(ours.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    http = Http(structs.replace(config, base_url=f"http://{host}:{port}/api/"))
    try:
        yield http, ours
    finally:
        await http.aclose()
        server.close()
        await ours.end()


def says(answer: bytes) -> Behave:
    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return behave


def ok(body: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (headers, len(body), body)


async def never(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def drips(start: bytes) -> Behave:
    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.02)

    return behave
