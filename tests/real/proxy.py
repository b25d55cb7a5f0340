"""A network between clients and a PostgreSQL that a test breaks as it likes.

It runs on a thread of its own, beside the code under test and real processes alike. It knows
messages, so that it can strike at the one moment that counts: when a client has sent COMMIT.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from tests.real.cluster import USER
from tests.real.link import AtCommit, Link, Strike
from tests.real.loop_thread import LoopThread, loop_thread
from tests.real.process import steady_port
from tests.real.weather import Weather

_END_S: Final = 90
_LOCALHOST: Final = "127.0.0.1"


class Proxy(Weather):
    """Listens at ``port`` for the server at another; its weather is that of every connection.

    ``at_commit`` is asked on the proxy's thread before each COMMIT is forwarded, and may freeze
    the connection's backend, or begin a weather. What it raises, the end of the proxy raises.
    """

    def __init__(self, server_port: int, thread: LoopThread) -> None:
        super().__init__(thread)
        self.port = steady_port()
        self._listener = socket.create_server((_LOCALHOST, self.port), backlog=512)
        self._listener.setblocking(False)  # noqa: FBT003 - the name of the method says it
        self.at_commit: AtCommit | None = None
        self._server_port = server_port
        self._links: set[Link] = set()
        self._ended = asyncio.Event()
        self._failures: list[Exception] = []

    @property
    def links(self) -> list[Link]:
        """The connections that there are."""
        return list(self._links)

    def url(self, database: str) -> str:
        """Return where a client finds a database by way of the proxy."""
        return f"postgres://{USER}@{_LOCALHOST}:{self.port}/{database}"

    def cut(self) -> None:
        """Reset every connection at both ends; new ones are served."""
        for link in self.links:
            link.cut()

    def heal(self) -> None:
        """End all that hinders any connection; what was held goes on its way."""
        super().heal()
        for link in self.links:
            link.heal()

    async def serve(self) -> None:
        """Serve until it is ended."""
        with closing(self._listener):
            async with asyncio.TaskGroup() as group:
                accepting = group.create_task(self._accept(group))
                await self._ended.wait()
                accepting.cancel()
                self.cut()
        if self._failures:
            raise self._failures[0]

    def end(self) -> None:
        """End it with all its connections."""
        self._thread.call(self._ended.set)

    async def _accept(self, group: asyncio.TaskGroup) -> None:
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            group.create_task(self._connect(client))

    async def _connect(self, client: socket.socket) -> None:
        server = socket.socket()
        server.setblocking(False)  # noqa: FBT003 - the name of the method says it
        with closing(client), closing(server):
            try:
                address = (_LOCALHOST, self._server_port)
                await asyncio.get_running_loop().sock_connect(server, address)
            except OSError:
                return
            link = Link(client, server, self._thread, self, self._strike)
            self._links.add(link)
            if self._ended.is_set():
                link.cut()
            try:
                await link.carry()
            finally:
                self._links.discard(link)
                link.forgotten()

    def _strike(self, link: Link) -> Strike:
        if self.at_commit is None:
            return Strike.PASSES
        try:
            return self.at_commit(link)
        except Exception as failure:  # noqa: BLE001 - it belongs to the test, which is elsewhere
            self._failures.append(failure)
            return Strike.CUT_BEFORE


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Give a proxy to the server at a port of this machine while the context lasts."""
    with loop_thread() as thread:
        proxy = Proxy(port, thread)
        serving = thread.begin(proxy.serve())
        try:
            yield proxy
        finally:
            proxy.end()
            serving.result(_END_S)
