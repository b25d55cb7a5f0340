"""Takes connections from the socket that all API processes listen on, each its share.

All of them wake up for a connection. Whoever has the fewest takes it at once; the others leave it
to that one for a moment, and take it after all if it is still there: so a process that is busy,
stopped or dead holds up nobody, and no queue is lost with it.

Clients keep their connections, so where one ends up decides who works. 64 that came one by one were
spread over 2 processes as 32 and 32, and over 4 as 16 each. With uvloop's own accept on the shared
socket it was 7 and 57, and 0, 1, 10 and 53: who is quick to wake takes most. With a socket for each
process (SO_REUSEPORT) it was 30 and 34, and 10, 14, 18 and 22, by the kernel's hash; but what waits
in the queue of one that is stopped or being started again waits for it alone, and a second service
could have taken the same port. The price is 0.1 ms more for each new connection.
"""

import asyncio
import socket
from asyncio import TaskGroup
from collections.abc import Callable

from surestock.runtime.fleet.board import Board
from surestock.telemetry.log import Log

_LEFT_TO_OTHERS_S = 0.002
_NO_ROOM_S = 0.2


class Door:
    """Makes a protocol by ``factory`` for each connection that it takes from ``bound``.

    ``connections`` returns how many the process has.
    """

    def __init__(
        self,
        bound: socket.socket,
        board: Board,
        slot: int,
        factory: Callable[[], asyncio.Protocol],
        connections: Callable[[], int],
        log: Log,
    ) -> None:
        bound.settimeout(0)
        # Whatever is accepted inherits it: small answers leave at once.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._bound = bound
        self._board = board
        self._slot = slot
        self._factory = factory
        self._connections = connections
        self._log = log
        self._closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._opening: TaskGroup | None = None
        self._later: asyncio.TimerHandle | None = None
        self._arriving = 0

    async def run(self) -> None:
        """Take connections until :meth:`close`."""
        async with TaskGroup() as self._opening:
            if not self._closed.is_set():
                self._tell()
                self._loop.add_reader(self._bound, self._knock)
                await self._closed.wait()

    def close(self) -> None:
        """Take no more connections."""
        self._closed.set()
        self._board.leave(self._slot)
        if self._later is not None:
            self._later.cancel()
        if self._bound.fileno() >= 0:
            self._loop.remove_reader(self._bound)
            self._bound.close()

    def _tell(self) -> None:
        self._board.tell(self._slot, self._connections() + self._arriving)

    def _knock(self) -> None:
        self._tell()
        if self._board.has_fewest(self._slot):
            self._take()
        else:
            self._rest(_LEFT_TO_OTHERS_S)

    def _rest(self, for_s: float) -> None:
        self._loop.remove_reader(self._bound)
        self._later = self._loop.call_later(for_s, self._take_what_is_left)

    def _take_what_is_left(self) -> None:
        self._loop.add_reader(self._bound, self._knock)
        self._take()

    def _take(self) -> None:
        try:
            accepted, _ = self._bound.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was quicker, or the client has left
        except OSError as error:
            self._log.error("no connection can be accepted", why=str(error))
            self._rest(_NO_ROOM_S)
            return
        accepted.settimeout(0)
        assert self._opening is not None, "a reader is there only while the door is run"
        self._arriving += 1
        self._tell()
        self._opening.create_task(self._open(accepted))

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, accepted)
        except OSError:
            accepted.close()  # the client has left
        finally:
            self._arriving -= 1
