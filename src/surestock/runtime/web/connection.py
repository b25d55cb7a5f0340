"""How a connection begins, how it goes on, and how a client is refused."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from surestock.api.errors import RequestTimeout
from surestock.inventory.unavailable import Overloaded
from surestock.kit.errors import SurestockError
from surestock.runtime.web.deadlines import Phase
from surestock.runtime.web.pace import BETWEEN, BODY, HEAD
from surestock.runtime.web.parting import Parting
from surestock.runtime.web.refusal import refusal
from surestock.runtime.web.wire import Flow, Wire


class Connection(Parting):
    """What does not depend on what a request says."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's to choose
        super().__init__(*given, **named)
        self._refusal: bytes | None = None
        self.watched = False

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

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a client that has said all it has to say; return False for one that has left."""
        cycle = self.newest()
        said_all = self.part == BETWEEN and not self.unread and not self.over
        if cycle is None or cycle.response_complete or not said_all or self.watched:
            return False
        self.over = self.heard_all = True
        return True

    def watch(self) -> None:
        """Take note that what is being answered is for nobody once its client has left."""
        self.watched = True

    def give_up_body(self, error: SurestockError) -> None:
        """Wait no longer for the rest of a request that nobody has begun to answer."""
        if self.part == BODY and not self.ending and not self.cycle.response_started:
            self.refuse(error, "ending")

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave everything, and tell the request that is being answered."""
        self.stop_taking()
        self.guard.forget(self)
        super().connection_lost(exc)

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
            self.late_to_go(phase)
        elif phase is deadlines.idle:
            self.guard.count_end("idle")
            self.end()
        elif phase is deadlines.unwanted:
            self.guard.count_end("slow_body")
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
        if self.ending:
            return
        self.watched = False
        if self.pipeline:
            self.flow.resume_reading()
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._end_refused()
        elif self.over or (self.part == BODY and self.must_close(self.cycle)):
            self.end()
        else:
            if self.flow.read_paused:
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

    def shutdown(self) -> None:
        """Close now, or after the answers that are being made. Called when the server ends."""
        cycle = self.newest()
        if cycle is None or cycle.response_complete:
            self.part = BETWEEN
            self.unread = 0
            self.end()
        else:
            cycle.keep_alive = False
