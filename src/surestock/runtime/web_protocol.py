"""Uvicorn's HTTP protocol, with two additions: answers in one piece, and an end of slow readers.

ASGI sends head and body apart, which uvicorn makes two system calls, and it searches each header
for forbidden bytes, which are checked here where they come in. Sending is the largest part of a
small request, so the gateway is offered an ASGI extension that does it at once. Everything else
(streams, a connection that is slow to read) takes uvicorn's way.

A client that does not read is cut off at the application's word: closing its connection would first
wait until it has read what is buffered for it, which may be never.
"""

import socket
import struct
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from surestock.api.sending import ABORT, WHOLE_ANSWER

# Linger for no time: the end is a reset, and the kernel does not keep what it has not sent.
_RESET = struct.pack("ii", 1, 0)


class WebProtocol(HttpToolsProtocol):
    """Offers both extensions to each request."""

    def on_headers_complete(self) -> None:
        """Let uvicorn begin the request; what it begun runs after this returned."""
        super().on_headers_complete()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # uvicorn's is narrower
        cycle = self.cycle
        scope["extensions"] = {WHOLE_ANSWER: partial(_answer, cycle), ABORT: partial(_abort, cycle)}


def _abort(cycle: RequestResponseCycle) -> None:
    """Drop the connection, with whatever the client has not taken, here and in the kernel."""
    cycle.disconnected = True
    connection: socket.socket | None = cycle.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    cycle.transport.abort()


def _answer(
    cycle: RequestResponseCycle, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> bool:
    """Send a whole answer; return False, having done nothing, when it must go the slow way."""
    if cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
        return False
    parts = [STATUS_LINE[status]]
    for name, value in cycle.default_headers:
        parts += (name, b": ", value, b"\r\n")
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    if not cycle.keep_alive:
        parts.append(b"connection: close\r\n")
    parts.append(b"\r\n")
    if cycle.scope["method"] != "HEAD":
        parts.append(body)
    cycle.response_started = True
    cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(parts))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
