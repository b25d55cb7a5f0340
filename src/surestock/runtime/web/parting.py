"""How a connection ends.

None ends in a way that takes the last answer from the client: closing a socket on which something
has not been read yet is a reset, which drops what the client has not read either (RFC 9112, section
9.6). So this side is closed for writing first, and what still comes is read and dropped, for a
while. A client that does not read is cut off by a reset: to close its connection would first wait
until it has read what is buffered for it, which may be never.
"""

import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from surestock.runtime.web.deadlines import Phase
from surestock.runtime.web.pace import BETWEEN, Paced

# Linger for no time: the end is a reset, and the kernel does not keep what it has not sent.
_RESET: Final = struct.pack("ii", 1, 0)


class Parting(Paced):
    """A connection that can end.

    ``over`` means that nothing more is taken for a request, ``ending`` that nothing more is sent,
    ``heard_all`` that the client sends nothing more;
    ``running`` is the last request that was begun to be answered.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's to choose
        super().__init__(*given, **named)
        self.over = False
        self.ending = False
        self.heard_all = False
        self.running: RequestResponseCycle | None = None
        self._dropped = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def drop(self, size: int) -> None:
        """Take note of bytes that nobody will look at; there is an end to that, too."""
        self._dropped += size
        if self._dropped > self.limits.linger_bytes:
            self.abort()

    def end(self) -> None:
        """Close, so that the client can read the last answer, if it does so soon."""
        if self.ending:
            return
        more_may_come = self.over or self.part != BETWEEN or self.unread > 0
        more_may_come = more_may_come and not self.heard_all
        self.stop_taking()
        transport = self.transport
        if more_may_come:
            self.flow.resume_reading()
            transport.write_eof()
        else:
            transport.close()
        if more_may_come or transport.get_write_buffer_size():
            self.enter(self.deadlines.ending)
            self.expect_taking(self.deadlines.ending)

    def late_to_go(self, phase: Phase) -> None:
        """Drop the connection, unless its client still takes what was sent."""
        if self.is_taking(phase):
            self.enter(phase)
            self.expect_taking(phase)
        else:
            self.abort()

    def stop_taking(self) -> None:
        """Read nothing more as a request; tell the one that is being answered."""
        self.over = self.ending = True
        self.pipeline.clear()
        self.leave()
        if self.running is not None and not self.running.response_complete:
            self.running.disconnected = True
            self.running.message_event.set()

    def abort(self) -> None:
        """Drop the connection, with whatever the client has not taken, here and in the kernel."""
        self.stop_taking()
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def give_way(self) -> None:
        """Close at once: another needs the place."""
        self.guard.count_end("too_many")
        self.guard.forget(self)
        if self.part == BETWEEN and not self.transport.get_write_buffer_size():
            self.stop_taking()
            self.transport.close()
        else:
            self.abort()
