"""The worker's end of its socket: API processes tell, ask, and are kept informed.

An API process that reads nothing holds up its own connection only: a report tells how things are,
so there is never more than one on its way, and its next question is read once its last answer went
out.
"""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from typing import Never

from anyio import create_task_group
from msgspec import Raw

from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind
from surestock.journal.position import Frontier
from surestock.sync.protocol import (
    Answer,
    Ask,
    BadMessage,
    Declined,
    FromWorker,
    Progress,
    Question,
    Told,
    Upkept,
    frame,
    receive_from_api,
)
from surestock.telemetry.log import Log

_MOST_CONNECTIONS = 256


class _Client:
    """One API process. ``due`` is set when it has to be told something."""

    def __init__(self, writer: StreamWriter, *, upkept: bool) -> None:
        self._writer = writer
        self._turn = asyncio.Lock()
        self.upkept = upkept
        self.due = asyncio.Event()
        self.due.set()

    async def send(self, message: FromWorker) -> None:
        """Send a message, and wait while too much is on its way."""
        async with self._turn:
            self._writer.write(frame(message))
            await self._writer.drain()


class Control:
    """Listens to API processes.

    ``told(frontier, fresh)`` is called with each frontier; ``fresh`` is the first of a connection
    that is the only one: it may come from another log, where those of several processes are of one.
    ``answer`` answers a question, or raises ``NotFound`` or ``CentralBehind``. ``progress``
    returns the report of this moment.
    """

    def __init__(
        self,
        told: Callable[[Frontier, bool], None],
        answer: Callable[[Question], Awaitable[Raw]],
        progress: Callable[[], Progress],
        log: Log,
    ) -> None:
        self._told = told
        self._answer = answer
        self._progress = progress
        self._log = log
        self._clients: set[_Client] = set()
        self._upkept = False

    def report(self) -> None:
        """Let every API process know how things are now."""
        for client in self._clients:
            client.due.set()

    def report_upkept(self) -> None:
        """Let every API process know that upkeep is done, also those that come later."""
        self._upkept = True
        for client in self._clients:
            client.upkept = True
        self.report()

    async def serve(self, listener: socket.socket) -> None:
        """Serve every API process that connects, until cancelled."""
        loop = asyncio.get_running_loop()
        async with create_task_group() as tasks:
            while True:
                accepted, _ = await loop.sock_accept(listener)
                if len(self._clients) < _MOST_CONNECTIONS:
                    tasks.start_soon(self._serve, accepted)
                else:
                    accepted.close()

    async def _serve(self, accepted: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=accepted)
        client = _Client(writer, upkept=self._upkept)
        self._clients.add(client)
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(self._keep_informed, client)
                await self._listen(client, reader)
        except* (EOFError, OSError):
            pass  # it is gone, or connects again
        except* BadMessage as errors:
            self._log.warning("an API process cannot be understood", why=str(errors.exceptions[0]))
        finally:
            self._clients.discard(client)
            writer.transport.abort()

    async def _listen(self, client: _Client, reader: StreamReader) -> Never:
        fresh = True
        while True:
            message = await receive_from_api(reader)
            if isinstance(message, Told):
                self._told(message.frontier, fresh and len(self._clients) == 1)
                fresh = False
            else:
                await client.send(await self._answered(message))

    async def _answered(self, ask: Ask) -> Answer | Declined:
        try:
            return Answer(ask.id, await self._answer(ask.question))
        except NotFound as error:
            return Declined(ask.id, "missing", str(error))
        except CentralBehind as error:
            return Declined(ask.id, "behind", str(error))

    async def _keep_informed(self, client: _Client) -> Never:
        while True:
            await client.due.wait()
            client.due.clear()
            if client.upkept:
                client.upkept = False
                await client.send(Upkept())
            await client.send(self._progress())
