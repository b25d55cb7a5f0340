"""One statement to a PostgreSQL and its rows, over a socket of our own.

It speaks the simple query protocol, version 3, because not every PostgreSQL brings psql, and
because what looks at the server from the outside is not the driver under test.

Its session is gone when the rows are there: whoever counts sessions next does not count it.
"""

import socket
import struct
from contextlib import suppress
from typing import BinaryIO, Final

Row = tuple[str | None, ...]
_PROTOCOL: Final = 196608
_TERMINATE: Final = b"X\0\0\0\4"
_CHUNK_BYTES: Final = 4096


class StatementFailed(AssertionError):
    """The server refused the connection or the statement. The message is the server's."""


def ask(port: int, user: str, database: str, statement: str, timeout_s: float) -> list[Row]:
    """Run one statement and return its rows as text.

    Raises StatementFailed, or OSError when nobody is there, or hangs up.
    """
    start = struct.pack(">i", _PROTOCOL)
    start += b"user\0" + user.encode() + b"\0database\0" + database.encode() + b"\0\0"
    query = statement.encode() + b"\0"
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as wire:
        wire.sendall(struct.pack(">i", len(start) + 4) + start)
        wire.sendall(b"Q" + struct.pack(">i", len(query) + 4) + query)
        with wire.makefile("rb") as stream:
            try:
                return _rows(stream)
            finally:
                _end(wire, stream)


def _rows(stream: BinaryIO) -> list[Row]:
    """Read until the server is ready for the next query: once after the start, once after ours."""
    rows = []
    ready = 0
    while ready < 2:
        kind, length = struct.unpack(">ci", _exactly(stream, 5))
        body = _exactly(stream, length - 4)
        if kind == b"E":
            raise StatementFailed(body.replace(b"\0", b" ").decode(errors="replace"))
        if kind == b"D":
            rows.append(_row(body))
        ready += kind == b"Z"
    return rows


def _end(wire: socket.socket, stream: BinaryIO) -> None:
    """Say good-bye, and wait until the server has closed the connection, which it does last."""
    with suppress(OSError):
        wire.sendall(_TERMINATE)
        while stream.read(_CHUNK_BYTES):
            pass


def _exactly(stream: BinaryIO, size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise ConnectionResetError("the server hung up")
    return read


def _row(body: bytes) -> Row:
    (columns,) = struct.unpack_from(">h", body)
    values: list[str | None] = []
    at = 2
    for _ in range(columns):
        (length,) = struct.unpack_from(">i", body, at)
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return tuple(values)
