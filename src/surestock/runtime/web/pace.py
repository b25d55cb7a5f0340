"""How fast a client has to be: which phase its connection is in, and when it is late in that.

Time counts against the client only while this side waits for it: not while nothing is read from the
connection, while the application has not taken what came, nor while the client waits to be told to
go on with its body.
"""

import asyncio
import fcntl
import socket
import struct
import termios
from contextlib import suppress
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from surestock.runtime.web.connections import Connections
from surestock.runtime.web.deadlines import Held, Phase

_INT: Final = struct.Struct("i")

BETWEEN: Final = 0
HEAD: Final = 1
BODY: Final = 2


class Paced(HttpToolsProtocol, Held):
    """A connection's clocks.

    ``part`` is which part of a request comes next, ``unread`` how many bytes came since a part of
    a request was last whole. ``next_request`` says that one ended since the phase was last set.
    """

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.guard = connections
        self.deadlines = connections.deadlines
        self.limits = connections.limits
        self.part = BETWEEN
        self.unread = 0
        self.next_request = False
        self.phase: Phase | None = None
        self._body_due = 0.0
        self._untaken = 0

    def newest(self) -> RequestResponseCycle | None:
        """Return the last request whose head was whole, if there was any."""
        return self.cycle

    def settle(self) -> None:
        """Enter the phase of what is waited for now."""
        phase: Phase | None
        if self.part == BODY:
            phase = self._phase_of_body()
        elif self.part == HEAD or self.unread:
            phase = self.deadlines.head
        else:
            phase = self.deadlines.idle if self.cycle.response_complete else None
        if self.next_request or phase is not self.phase:
            self.next_request = False
            self.enter(phase)

    def _phase_of_body(self) -> Phase:
        deadlines = self.deadlines
        if self.cycle.response_complete:
            return deadlines.unwanted
        if self.phase is deadlines.long_body and not self.next_request:
            return deadlines.long_body
        return deadlines.body

    def enter(self, phase: Phase | None) -> None:
        """Leave the phase for another, or for none."""
        before = self.phase
        if before is not None:
            before.pop(self, None)
        self.phase = phase
        if phase is not None:
            deadlines = self.deadlines
            now = phase[self] = deadlines.now()
            if phase is deadlines.body:
                self._body_due = now + phase.seconds

    def leave(self) -> None:
        """Wait for nothing any more, neither for reading nor for writing."""
        self.enter(None)
        self.deadlines.stalled.pop(self, None)

    def credit_body(self, size: int) -> None:
        """Give the body more time for what came of it, once time is taken."""
        phase = self.phase
        if phase is self.deadlines.body or phase is self.deadlines.long_body:
            self._extend(size / self.limits.body_bytes_per_s)

    def _extend(self, seconds: float) -> None:
        """Put the body's end off, but to no later than it is at a body's begin.

        Otherwise who sends much at once might then be silent for as long as that is worth.
        """
        most = self.deadlines.now() + self.limits.body_s
        if self._body_due < most:
            self._body_due = min(most, self._body_due + seconds)

    def grant_time(self) -> None:
        """Let a stream be as quiet as a connection between two requests may be."""
        self._body_due = self.deadlines.now() + self.limits.idle_s

    def read_on(self, paused_s: float) -> None:
        """Do not count the time in which this side did not read."""
        if self.phase is self.deadlines.head:
            self.enter(self.phase)
        else:
            self._extend(paused_s)

    def body_is_late(self) -> bool:
        """Tell whether the client has had its time for the body."""
        cycle = self.cycle
        if self.flow.read_paused or cycle.waiting_for_100_continue:
            self._extend(self.limits.body_s)
        if cycle.body and not cycle.response_complete:
            return False
        return self._body_due <= self.deadlines.now()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what was sent."""
        super().pause_writing()
        self.expect_taking(self.deadlines.stalled)

    def resume_writing(self) -> None:
        """Wait no longer for the client to take something."""
        super().resume_writing()
        self.deadlines.stalled.pop(self, None)

    def expect_taking(self, phase: Phase) -> None:
        """Wait for the client to take what was sent, for as long as ``phase`` lasts."""
        self._untaken = self._count_untaken()
        phase[self] = self.deadlines.now()

    def is_taking(self, phase: Phase) -> bool:
        """Tell whether the client took as much as it had to, while ``phase`` lasted."""
        taken = self._untaken - self._count_untaken()
        return taken > 0 and taken >= phase.seconds * self.limits.body_bytes_per_s

    def _count_untaken(self) -> int:
        """Return how many bytes the client has not taken: here, and in the kernel.

        The kernel keeps megabytes, and asks for more only when a good part of them is gone.
        """
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        kept = bytearray(_INT.size)
        if connection is not None:
            with suppress(OSError):
                fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, kept)
        (size,) = _INT.unpack(kept)
        return self.transport.get_write_buffer_size() + int(size)
