"""A keep-alive HTTP/1.1 client that does as little as possible, and tells when no answer came.

A library client may retry or pool in ways that blur "the server never answered"; here one
connection is one socket, and a request ends in a whole reply or in :class:`Unanswered`.
"""

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson

_HEAD_LIMIT = 1 << 16
_NO_DATABASE = {"DatabaseUnavailable", "CircuitOpen"}
_DATABASE_S = 60
_AGAIN_S = 0.1


class Unanswered(Exception):
    """The connection ended before a whole reply had arrived: the outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the decoded body, which is an object."""
        decoded: dict[str, Any] = orjson.loads(self.body)
        return decoded

    @property
    def is_success(self) -> bool:
        """Tell whether the server said that it was done."""
        return 200 <= self.status < 300

    @property
    def is_replay(self) -> bool:
        """Tell whether the server gave a remembered answer."""
        return self.headers.get("idempotent-replayed") == "true"


class Connection:
    """One socket to the server. Opened with ``async with``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._host = f"127.0.0.1:{port}".encode()

    async def __aenter__(self) -> Self:
        """Connect. Raises :class:`Unanswered` when nobody listens."""
        try:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=_HEAD_LIMIT
            )
        except OSError as error:
            raise Unanswered from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop the socket, whatever state it is in."""
        self._writer.transport.abort()

    async def request(
        self, method: str, path: str, body: bytes = b"", key: str | None = None
    ) -> Reply:
        """Send one request and wait for the whole answer, or raise :class:`Unanswered`."""
        head = [b"%s %s HTTP/1.1\r\nHost: %s" % (method.encode(), path.encode(), self._host)]
        if key is not None:
            head.append(b"Idempotency-Key: " + key.encode())
        if body:
            head.append(b"Content-Type: application/json")
        if body or method != "GET":
            head.append(b"Content-Length: %d" % len(body))
        try:
            self._writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
            await self._writer.drain()
            return await self._read_reply()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Unanswered from error

    async def get(self, path: str) -> dict[str, Any]:
        """Return the decoded body of a read, which must succeed.

        Where the database stood still, which a machine may do to it, the read is asked for again.
        """
        reply = await self.request("GET", path)
        deadline = time.monotonic() + _DATABASE_S
        while reply.status == 503 and reply.json()["error"] in _NO_DATABASE:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_AGAIN_S)
            reply = await self.request("GET", path)
        if reply.status != 200:
            msg = f"GET {path} answered {reply.status}: {reply.body[:300]!r}"
            raise AssertionError(msg)
        return reply.json()

    async def _read_reply(self) -> Reply:
        head = await self._reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Reply(int(status_line.split(" ", 2)[1]), headers, body)
