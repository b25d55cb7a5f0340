"""The ASGI extensions: an answer in one piece, an end at once, and more time for a stream.

ASGI sends head and body apart, which uvicorn makes two system calls, and it searches each header
for forbidden bytes, which are checked here where they come in. Sending is the largest part of a
small request, so the gateway is offered a function that does it at once. Everything else (streams,
a connection that is slow to read) takes uvicorn's way.
"""

from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle


def answer_whole(
    must_close: Callable[[RequestResponseCycle], bool],
    cycle: RequestResponseCycle,
    status: int,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> bool:
    """Send a whole answer; return False, having done nothing, when it must go the slow way.

    ``must_close`` tells of a request that has not arrived to its end, whether the connection ends.
    """
    if cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
        return False
    if cycle.more_body and must_close(cycle):
        cycle.keep_alive = False
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
