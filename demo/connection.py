"""One keep-alive HTTP/1.1 connection: the little that 64 tills in one process need.

A general client spends more time on a request than the service does, and the load must not be
what is measured. So: no redirects, no chunked bodies, nothing but ``Content-Length``.
"""

import asyncio
from dataclasses import dataclass

PATIENCE_S = 60.0


class ServiceUnreachable(Exception):
    """The connection was refused or lost, or no answer came in time: the outcome is unknown."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """A status, the header lines in lower case, and the body as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection that opens when it is needed, one exchange at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(
        self, method: str, target: str, body: bytes, key: str | None = None
    ) -> RawAnswer:
        """Send one request and return the answer.

        ``key`` is the Idempotency-Key. Raises :class:`ServiceUnreachable`; the next exchange
        then opens a new connection.
        """
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
        if body:
            head += "Content-Type: application/json\r\n"
        if key is not None:
            head += f"Idempotency-Key: {key}\r\n"
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._exchange(f"{head}\r\n".encode() + body)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise ServiceUnreachable(f"{method} {target}: {error!r}") from error

    async def _exchange(self, request: bytes) -> RawAnswer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, colon, value in (line.partition(":") for line in lines)
            if colon
        }
        answer = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return RawAnswer(int(start.split(" ", 2)[1]), headers, answer)

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
