"""What passes between a client and a PostgreSQL, message by message, without TLS.

PostgreSQL's protocol 3: after a start without a kind, each message is a byte for its kind and
four for the length of the rest, which they count in.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final

_COMMIT: Final = re.compile(rb"\bCOMMIT\b", re.IGNORECASE)
# A request for TLS or GSS: answered with one byte, after which the start comes.
_ASKS_FOR_MORE: Final = {80877103, 80877104}
_LENGTH: Final = struct.Struct(">i")


class ClientMessages:
    """Cuts what a client sends into whole messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._started = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give each message that is whole, with its kind and length; the rest waits."""
        self._rest += chunk
        while (size := self._size()) is not None:
            message, self._rest = self._rest[:size], self._rest[size:]
            if not self._started:
                self._started = _LENGTH.unpack_from(message, 4)[0] not in _ASKS_FOR_MORE
            yield message

    def _size(self) -> int | None:
        kind = int(self._started)
        if len(self._rest) < kind + _LENGTH.size:
            return None
        size = kind + int(_LENGTH.unpack_from(self._rest, kind)[0])
        return size if len(self._rest) >= size else None


class ServerGreeting:
    """Reads a server's first messages, for the process that serves the connection."""

    def __init__(self) -> None:
        self.backend: int | None = None
        self._rest = b""
        self._started = False

    def feed(self, chunk: bytes) -> None:
        """Look for the process's number, until it is known."""
        if self.backend is not None:
            return
        self._rest += chunk
        while not self._started and self._rest:
            self._started = self._rest[:1] != b"N"  # no TLS, no GSS
            self._rest = self._rest if self._started else self._rest[1:]
        while self.backend is None and len(self._rest) > _LENGTH.size:
            size = 1 + int(_LENGTH.unpack_from(self._rest, 1)[0])
            if len(self._rest) < size:
                return
            if self._rest[:1] == b"K":
                self.backend = int(_LENGTH.unpack_from(self._rest, 5)[0])
            self._rest = self._rest[size:]


def is_commit(message: bytes) -> bool:
    """Whether it is a simple query that commits."""
    return message[:1] == b"Q" and _COMMIT.search(message) is not None
