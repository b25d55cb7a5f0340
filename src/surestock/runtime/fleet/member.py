"""One of several API processes, as its parent sees it."""

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from surestock.kit.clock import Clock
from surestock.runtime.child import Child
from surestock.runtime.errors import REFUSED
from surestock.runtime.fleet.board import Board
from surestock.runtime.fleet.parent import END, LISTENS
from surestock.runtime.fleet.seat import Seat
from surestock.telemetry.log import Log


class Member(Child):
    """Keeps the API process of ``seat`` running; it inherits ``bound`` and ``board``.

    ``changed`` is called once it listens, and when it cannot start at all. ``code`` is what it
    ended with, when it was told to; 0 when it did not run then.
    """

    def __init__(
        self,
        command: Sequence[str],
        seat: Seat,
        bound: socket.socket,
        board: Board,
        changed: Callable[[], None],
        clock: Clock,
        log: Log,
    ) -> None:
        super().__init__("an API process", clock, log.bind(slot=seat.slot))
        self.has_listened = False
        self.is_refused = False
        self.code = 0
        self._seat = seat
        self._inherited = (bound, board)
        self._command = command
        self._changed = changed
        self._line: socket.socket | None = None

    def hurry(self) -> None:
        """Let it wait for nothing more."""
        self.begin_end()
        self._hang_up()

    async def _start(self) -> Process:
        seat, (bound, board) = self._seat, self._inherited
        fds = (bound.fileno(), board.descriptor)
        place = (
            "--slot",
            seat.slot,
            "--slots",
            seat.slots,
            "--listener",
            fds[0],
            "--board",
            fds[1],
        )
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command, *map(str, place), stdin=theirs.fileno(), pass_fds=fds
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(0)
        self._line = ours
        asyncio.get_running_loop().add_reader(ours, self._hear, ours)
        return process

    async def _attend(self, process: Process) -> None:
        code = await process.wait()
        if self._ending.is_set():
            self.code = code
        self._inherited[1].leave(self._seat.slot)
        self._hang_up()

    def _tell_to_end(self) -> None:
        if self._line is not None:
            with suppress(BrokenPipeError, ConnectionResetError):
                self._line.send(END)

    def _hear(self, line: socket.socket) -> None:
        try:
            said = line.recv(1)
        except ConnectionResetError:
            said = b""
        if said == LISTENS:
            self.has_listened = True
            self._changed()
        else:
            asyncio.get_running_loop().remove_reader(line)

    def _hang_up(self) -> None:
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line)
            self._line.close()
            self._line = None

    def _goes_on(self, code: object) -> bool:
        self.is_refused = code == REFUSED and not self.has_listened
        if self.is_refused:
            self._changed()
        return not self.is_refused

    def _tell_restart(self, why: dict[str, object]) -> None:
        if why.get("code") == REFUSED:
            self._log.error("an API process cannot start, and is started again", **why)
        else:
            super()._tell_restart(why)
