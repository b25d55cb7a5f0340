"""How a connection begins and ends, and how a client is refused.

None ends in a way that takes the last answer from the client: closing a socket on which something
has not been read yet is a reset, which drops what the client has not read either (RFC 9112, section
9.6). So this side is closed for writing first, and what still comes is read and dropped, for a
while. A client that does not read is cut off by a reset: to close its connection would first wait
until it has read what is buffered for it, which may be never.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from surestock.api.errors import RequestTimeout
from surestock.inventory.unavailable import Overloaded
from surestock.kit.errors import SurestockError
from surestock.runtime.web.deadlines import Phase
from surestock.runtime.web.pace import BETWEEN, BODY, HEAD, Paced
from surestock.runtime.web.refusal import refusal
from surestock.runtime.web.wire import Flow, Wire

# Linger for no time: the end is a reset, and the kernel does not keep what it has not sent.
_RESET: Final = struct.pack("ii", 1, 0)


class Connection(Paced):
    """What does not depend on what a request says.

    ``over`` means that nothing more is taken for a request; ``running`` is the last request that
    was begun to be answered.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's to choose
        super().__init__(*given, **named)
        self.over = False
        self.running: RequestResponseCycle | None = None
        self._ending = False
        self._refusal: bytes | None = None
        self._dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or tell the client that there is none."""
        super().connection_made(transport)
        self.flow = Flow(transport, self.read_on, self.deadlines.now)
        self.wire = Wire(transport, self.end)
        if self.guard.admit(self):
            self.enter(self.deadlines.head)
        elif self.guard.can_refuse:
            self.refuse(Overloaded("There are too many connections."), "too_many")
        else:
            self.guard.count_end("too_many")
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave everything, and tell the request that is being answered."""
        self._stop_taking()
        self.guard.forget(self)
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def late(self, phase: Phase) -> None:
        """End, unless it is not the client's fault or it has caught up."""
        deadlines = self.deadlines
        if phase is deadlines.stalled:
            if self.is_taking(phase):
                self.expect_taking(phase)
            else:
                self.guard.count_end("slow_reader")
                self.abort()
            return
        self.phase = None
        if phase is deadlines.ending:
            self._late_to_go(phase)
        elif phase is deadlines.idle:
            self.guard.count_end("idle")
            self.end()
        elif phase is deadlines.head:
            self._late_head(phase)
        elif self.body_is_late():
            self.refuse(RequestTimeout("body"), "slow_body")
        else:
            self.enter(deadlines.long_body)

    def _late_head(self, phase: Phase) -> None:
        if self.flow.read_paused:
            self.enter(phase)
        elif self.part == HEAD or self.unread:
            self.refuse(RequestTimeout("request's head"), "slow_head")
        else:
            self.guard.count_end("slow_head")
            self.end()

    def refuse(self, error: SurestockError, reason: str) -> None:
        """Take nothing more for a request; answer with ``error`` once those before are answered."""
        self.over = True
        self.enter(None)
        self.guard.count_end(reason)
        begun = self.part != BETWEEN
        self._refusal = refusal(
            error,
            self.url if begun else b"",
            self.headers if begun else [],
            self.server_state.default_headers,
            self.guard.request_ids,
        )
        cycle = self.newest()
        if self.part == BODY:
            self._refuse_body()
        elif cycle is None or cycle.response_complete:
            self._end_refused()

    def _refuse_body(self) -> None:
        """Take back a request whose body does not come as it should."""
        cycle = self.cycle
        if cycle is not self.running:
            self.pipeline.popleft()
            return
        if cycle.response_started:
            self._refusal = None
        self._end_refused()

    def _end_refused(self) -> None:
        if self._refusal is not None:
            self.transport.write(self._refusal)
        self.end()

    def answered(self) -> None:
        """Go on after an answer: to the next request, or to the end."""
        if self._ending:
            return
        if self.pipeline:
            self.flow.resume_reading()
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._end_refused()
        elif self.part == BODY and self.must_close(self.cycle):
            self.end()
        else:
            self.flow.resume_reading()
            self.settle()

    def must_close(self, cycle: RequestResponseCycle) -> bool:
        """Tell whether the rest of a body, whose request is answered, is too long to be read.

        Who waits to be told to go on may send its body or not: what comes next would be unclear.
        """
        if self.over or self.expect_100_continue:
            return True
        length = dict(cycle.scope["headers"]).get(b"content-length")
        return length is None or int(length) > self.limits.drained_bytes

    def drop(self, size: int) -> None:
        """Take note of bytes that nobody will look at; there is an end to that, too."""
        self._dropped += size
        if self._dropped > self.limits.linger_bytes:
            self.abort()

    def end(self) -> None:
        """Close, so that the client can read the last answer, if it does so soon."""
        if self._ending:
            return
        more_may_come = self.over or self.part != BETWEEN or self.unread > 0
        self._stop_taking()
        transport = self.transport
        if more_may_come:
            self.flow.resume_reading()
            transport.write_eof()
        else:
            transport.close()
        if more_may_come or transport.get_write_buffer_size():
            self.enter(self.deadlines.ending)
            self.expect_taking(self.deadlines.ending)

    def _late_to_go(self, phase: Phase) -> None:
        if self.is_taking(phase):
            self.enter(phase)
            self.expect_taking(phase)
        else:
            self.abort()

    def _stop_taking(self) -> None:
        self.over = self._ending = True
        self.pipeline.clear()
        self.leave()
        if self.running is not None and not self.running.response_complete:
            self.running.disconnected = True
            self.running.message_event.set()

    def abort(self) -> None:
        """Drop the connection, with whatever the client has not taken, here and in the kernel."""
        self._stop_taking()
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def give_way(self) -> None:
        """Close at once: another needs the place."""
        self.guard.count_end("too_many")
        self.guard.forget(self)
        if self.part == BETWEEN and not self.transport.get_write_buffer_size():
            self._stop_taking()
            self.transport.close()
        else:
            self.abort()

    def shutdown(self) -> None:
        """Close now, or after the answers that are being made. Called when the server ends."""
        cycle = self.newest()
        if cycle is None or cycle.response_complete:
            self.part = BETWEEN
            self.unread = 0
            self.end()
        else:
            cycle.keep_alive = False
