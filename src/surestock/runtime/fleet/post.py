"""What an API process that is one of several serves with: its seat, its door, its parent."""

import asyncio
import socket
from functools import partial
from typing import Any

from surestock.runtime.fleet.board import Board
from surestock.runtime.fleet.door import Door
from surestock.runtime.fleet.parent import Parent
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.web.server import WebServer
from surestock.telemetry.log import Log


class Post:
    """The process of ``seat``, on the socket and the board that it inherited by descriptor."""

    def __init__(self, seat: Seat, listener: int, board: int) -> None:
        self.seat = seat
        self.bound = socket.socket(fileno=listener)
        self.parent = Parent()
        self._board = Board(board, seat.slots)
        self._open = asyncio.Event()
        self._door: Door | None = None

    def serve(self, server: WebServer, log: Log) -> None:
        """Let :meth:`run` take connections for ``server``, and the parent know."""
        protocol: Any = server.config.http_protocol_class
        factory = partial(
            protocol,
            config=server.config,
            server_state=server.server_state,
            app_state=server.lifespan.state,
        )
        connections = server.server_state.connections
        door = Door(self.bound, self._board, self.seat.slot, factory, lambda: len(connections), log)
        server.servers.append(door)  # type: ignore[arg-type]  # is closed with the server
        self._door = door
        self._open.set()
        self.parent.tell_listening()

    async def run(self) -> None:
        """Take connections, from when the server listens until it does no more."""
        await self._open.wait()
        assert self._door is not None
        await self._door.run()
