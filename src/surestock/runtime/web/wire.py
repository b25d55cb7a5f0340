"""What a request's cycle and its body see of the transport: uvicorn's own, with two things told."""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl


class Wire:
    """A transport for answers, whose close is the connection's to carry out."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class Flow(FlowControl):
    """Flow control that tells for how many seconds this side did not read."""

    def __init__(
        self,
        transport: asyncio.Transport,
        read_on: Callable[[float], None],
        now: Callable[[], float],
    ) -> None:
        super().__init__(transport)
        self._read_on = read_on
        self._now = now
        self._paused_at = 0.0

    def pause_reading(self) -> None:
        """Read no more, until told."""
        if not self.read_paused:
            self._paused_at = self._now()
            super().pause_reading()

    def resume_reading(self) -> None:
        """Read again, and tell."""
        if self.read_paused:
            super().resume_reading()
            self._read_on(self._now() - self._paused_at)
