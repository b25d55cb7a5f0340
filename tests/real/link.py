"""One client's connection to a PostgreSQL, as a proxy carries it."""

import asyncio
import enum
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tests.real.loop_thread import LoopThread
from tests.real.postgres_messages import ClientMessages, ServerGreeting, is_commit
from tests.real.weather import Direction, Weather

_CHUNK_BYTES: Final = 65536
_END_S: Final = 90
# Closed so, a socket resets its connection: its peer is told of no orderly end.
_RESETS: Final = struct.pack("ii", 1, 0)


class Strike(enum.Enum):
    """What becomes of a COMMIT."""

    PASSES = "it is forwarded"
    CUT_BEFORE = "the server never hears of it"
    CUT_AFTER = "the server has it, and the client is never told"


AtCommit = Callable[["Link"], Strike]


class _Cut(Exception):
    """The connection ends now."""


class Link(Weather):
    """A connection, with a weather of its own beside that of its proxy, ``all_links``."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        thread: LoopThread,
        all_links: Weather,
        at_commit: AtCommit,
    ) -> None:
        super().__init__(thread)
        self._weathers = (all_links, self)
        self._at_commit = at_commit
        self._sockets = {Direction.TO_CLIENT: client, Direction.TO_SERVER: server}
        self._messages = ClientMessages()
        self._greeting = ServerGreeting()
        self._over = asyncio.Event()
        self._closed = threading.Event()
        self._ended_directions = 0
        for each in self._sockets.values():
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def backend(self) -> int | None:
        """The server's process for it, once the server has told."""
        return self._greeting.backend

    def cut(self) -> None:
        """Reset it at both ends."""
        self._thread.call(self._over.set)
        if not self._thread.is_here:
            assert self._closed.wait(_END_S), "a connection was not cut"

    async def carry(self) -> None:
        """Forward both ways until both ends have ended, or it is cut."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._until_over())
                for direction in Direction:
                    group.create_task(self._pump(direction))
        except* _Cut:
            pass
        finally:
            for each in self._sockets.values():
                each.close()

    def forgotten(self) -> None:
        """Let go whoever waits for its end; its proxy does not list it any more."""
        self._closed.set()

    async def _until_over(self) -> None:
        await self._over.wait()
        if self._ended_directions < len(Direction):
            self._reset_on_close(*Direction)
        raise _Cut

    async def _pump(self, direction: Direction) -> None:
        """Forward one way. What happened at its start is seen at its end as late as bytes are."""
        loop = asyncio.get_running_loop()
        source = self._sockets[direction.opposite]
        try:
            while chunk := await loop.sock_recv(source, _CHUNK_BYTES):
                if direction is Direction.TO_SERVER:
                    await self._to_server(chunk)
                else:
                    self._greeting.feed(chunk)
                    await self._send(direction, chunk)
        except OSError:
            await self._passed(direction)
            self._over.set()
            return
        await self._passed(direction)
        with suppress(OSError):
            self._sockets[direction].shutdown(socket.SHUT_WR)
        self._ended_directions += 1
        if self._ended_directions == len(Direction):
            self._over.set()

    async def _to_server(self, chunk: bytes) -> None:
        """Forward whole messages, those that commit one by one."""
        others = b""
        for message in self._messages.feed(chunk):
            if not is_commit(message):
                others += message
                continue
            await self._send(Direction.TO_SERVER, others)
            others = b""
            await self._strike(message)
        await self._send(Direction.TO_SERVER, others)

    async def _strike(self, commit: bytes) -> None:
        strike = self._at_commit(self)
        if strike is not Strike.CUT_BEFORE and not self._over.is_set():
            await self._send(Direction.TO_SERVER, commit)
        if strike is not Strike.PASSES:
            # The server reads what it was sent before it sees the end.
            self._reset_on_close(Direction.TO_CLIENT)
            raise _Cut

    async def _send(self, direction: Direction, data: bytes) -> None:
        if not data:
            return
        await self._passed(direction)
        for weather in self._weathers:
            kept = weather.bytes_before_cut(direction, len(data))
            if kept is not None:
                await self._forward(direction, data[:kept])
                self._reset_on_close(direction.opposite)
                raise _Cut
        await self._forward(direction, data)

    async def _forward(self, direction: Direction, data: bytes) -> None:
        # An end that is gone is noticed by who reads from it.
        with suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self._sockets[direction], data)

    async def _passed(self, direction: Direction) -> None:
        for weather in self._weathers:
            await weather.passed(direction)

    def _reset_on_close(self, *directions: Direction) -> None:
        for direction in directions:
            option = self._sockets[direction]
            option.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
