"""The web server in this process, with limits of a test's choosing, before an application of words.

What the application does depends on the path: `/early` answers before it has read the body, `/hold`
once it is let, `/rows` answers each piece of the body as it comes, `/much` sends until told to end,
`/watched` waits until its client has left; anything else answers with what was asked. ``served``
lists what was carried out.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from typing import Any, cast

import anyio
from msgspec import Struct

from surestock.api.app import Surestock
from surestock.api.presence import WATCHED
from surestock.api.sending import PROGRESS, WHOLE_ANSWER
from surestock.runtime.web.limits import WebLimits
from surestock.runtime.web.server import WebServer
from surestock.telemetry.metrics import Metrics
from tests.runtime.web.wires import Client

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATIENT = WebLimits(idle_s=60, look_every_s=0.01)
"""Nobody is late in a test that is about something else, unless the test fails."""
_PIECE = b"x" * 65_536


class Words:
    """An application that tells what it was asked."""

    def __init__(self) -> None:
        self.served: list[tuple[str, str, bytes]] = []
        self.gone: list[str] = []
        self.headers: dict[str, list[tuple[bytes, bytes]]] = {}
        self.watching = False
        self.let = asyncio.Event()
        self.ended = asyncio.Event()

    def end_streams(self) -> None:
        self.ended.set()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/early":
            self._answer(scope, 413, b"too much")
        elif path == "/rows":
            await self._rows(scope, receive, send)
        elif path == "/much":
            await self._much(send)
        elif path == "/watched":
            await self._watched(scope, receive)
        else:
            await self._ordinary(scope, receive)

    async def _ordinary(self, scope: dict[str, Any], receive: Receive) -> None:
        path = scope["path"]
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.append(path)
                return
            body += message["body"]
            more = message["more_body"]
        if path == "/hold":
            await self.let.wait()
        self.served.append((scope["method"], path, body))
        self.headers[path] = scope["headers"]
        self._answer(scope, 200, b"%b:%b" % (path.encode(), body))

    async def _rows(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.append("/rows")
                return
            more = message["more_body"]
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})
            scope["extensions"][PROGRESS]()

    async def _watched(self, scope: dict[str, Any], receive: Receive) -> None:
        scope["extensions"][WATCHED]()
        self.watching = True
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.append("/watched")

    async def _much(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not self.ended.is_set():
            await send({"type": "http.response.body", "body": _PIECE, "more_body": True})
            await asyncio.sleep(0)

    def _answer(self, scope: dict[str, Any], status: int, body: bytes) -> None:
        headers = [(b"content-length", b"%d" % len(body))]
        assert scope["extensions"][WHOLE_ANSWER](status, headers, body)


class Guarded(Struct):
    """A server that runs. ``port`` is where it listens."""

    port: int
    words: Words
    metrics: Metrics
    server: WebServer

    async def connect(self, receive_bytes: int | None = None) -> Client:
        """Return a new connection to it, on which the kernel keeps no more than told."""
        plain = socket.socket()
        plain.setblocking(False)  # noqa: FBT003 - the standard library's signature
        if receive_bytes is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", self.port))
        return Client(*await asyncio.open_connection(sock=plain))

    async def exchange(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own; return all that comes until it is closed."""
        async with await self.connect() as client:
            client.send(data)
            return await client.rest()

    async def until(self, happened: Callable[[], object]) -> None:
        """Return once something has happened; the test's time-out bounds it."""
        while not happened():  # noqa: ASYNC110 - the service tells nobody
            await asyncio.sleep(0.001)

    async def breathe(self) -> None:
        """Let the server, which shares this loop, do what it can do now."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def ended(self, reason: str, times: int = 1) -> None:
        """Return once so many connections were ended for a reason."""
        await self.until(lambda: self.metrics.connections_ended.get(reason, 0) >= times)

    async def is_well(self) -> bool:
        """Tell whether it still serves, on a new connection."""
        async with await self.connect() as client:
            client.send(b"GET /well HTTP/1.1\r\nHost: t\r\n\r\n")
            return (await client.answer()).body == b"/well:"


@asynccontextmanager
async def guarded(limits: WebLimits = PATIENT) -> AsyncIterator[Guarded]:
    """Run a server for as long as the context lasts."""
    words, metrics, listening = Words(), Metrics(), anyio.Event()
    server = WebServer(cast("Surestock", words), listening.set, metrics, limits)
    failure: Exception | None = None
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [bound])
            await listening.wait()
            try:
                yield Guarded(bound.getsockname()[1], words, metrics, server)
            except Exception as error:  # noqa: BLE001 - raised once the server has ended in order
                failure = error
            words.let.set()
            server.should_exit = True
            for connection in list(server.server_state.connections):
                connection.transport.abort()
    if failure is not None:
        raise failure
