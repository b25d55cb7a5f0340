"""Clients that follow the events, at the speed of their sockets, and clients that never read.

Fifty readers of five thousand records a second can't each be decoded in a test. So each follower
counts and sums the bytes of its stream: the text of a record is the same for everybody, whatever
pages it came in, so streams of the same records have the same checksum. One of them is decoded.
"""

import asyncio
import re
import select
import socket
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

_REQUEST = b"GET /events HTTP/1.1\r\nHost: proof\r\nAccept: text/event-stream\r\n\r\n"
_LAST_ID = re.compile(rb"id: (\d+)\n")
_READ_BYTES = 1 << 20
_NOT_A_RECORD = (b"retry:", b":")


@dataclass(slots=True)
class Follower:
    """Reads the stream from its beginning, until it has seen record ``goal``.

    ``sum`` is the checksum of the text up to record ``last``, ``size`` its bytes. With ``keeps``
    the text is kept, too.
    """

    keeps: bool = False
    goal: int = 0
    last: int = 0
    sum: int = 0
    size: int = 0
    text: list[bytes] = field(default_factory=list)

    async def follow(self, port: int) -> None:
        """Read."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_READ_BYTES)
        try:
            writer.write(_REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            while self.last < self.goal:
                size = int(await reader.readuntil(b"\r\n"), 16)
                assert size, "the stream ended"
                chunk = await reader.readexactly(size + 2)
                self._take(chunk[:-2])
        finally:
            writer.transport.abort()

    def _take(self, text: bytes) -> None:
        if text.startswith(_NOT_A_RECORD):
            return
        self.sum = crc32(text, self.sum)
        self.size += len(text)
        begin = text.rfind(b"\n\nid: ") + 2 if b"\n\nid: " in text else 0
        found = _LAST_ID.match(text, begin)
        assert found is not None, text[:100]
        assert int(found[1]) > self.last
        self.last = int(found[1])
        if self.keeps:
            self.text.append(text)

    def records(self) -> list[dict[str, Any]]:
        """Return the records of the text that was kept; each must be told by its own id."""
        records = []
        for event in b"".join(self.text).split(b"\n\n")[:-1]:
            number, kind, data = event.split(b"\n")
            record = orjson.loads(data.removeprefix(b"data: "))
            assert (number, kind) == (b"id: %d" % record["sequence"], b"event: record")
            records.append(record)
        return records


class Sleeper:
    """Asks for the stream and never reads."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(_REQUEST)

    @property
    def is_cut_off(self) -> bool:
        """Tell whether the server has dropped the connection."""
        poll = select.poll()
        poll.register(self._socket, 0)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
