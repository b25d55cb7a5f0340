"""A client that sends bytes as they are, and reads answers one by one."""

import asyncio
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec


class Answer(NamedTuple):
    """An answer with a length, or with chunks, which are left as they are."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def problem(self) -> dict[str, Any]:
        """Return the problem that it must be, of a connection that is then closed."""
        assert self.headers[b"content-type"] == b"application/problem+json"
        assert self.headers[b"connection"] == b"close"
        problem: dict[str, Any] = msgspec.json.decode(self.body)
        assert problem["status"] == self.status
        assert problem["requestId"].encode() == self.headers[b"x-request-id"]
        return problem


def answers_in(received: bytes) -> list[Answer]:
    """Return the answers, each of which tells its length, that make up ``received``."""
    found = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end, head
        line, *headers = head.split(b"\r\n")
        named = dict(header.lower().split(b": ", 1) for header in headers)
        length = int(named.get(b"content-length", b"0"))
        assert len(received) >= length
        found.append(Answer(int(line.split()[1]), named, received[:length]))
        received = received[length:]
    return found


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.writer.transport.abort()

    def send(self, data: bytes) -> None:
        """Send, without waiting until it is gone."""
        self.writer.write(data)

    async def answer(self) -> Answer:
        """Return the next answer, which tells its length."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        _, _, after = head.lower().partition(b"\r\ncontent-length: ")
        length = int(after.partition(b"\r\n")[0] or b"0")
        (answer,) = answers_in(head + await self.reader.readexactly(length))
        return answer

    async def rest(self) -> bytes:
        """Return what comes until the server closes, be it by a reset."""
        received = bytearray()
        try:
            while piece := await self.reader.read(65_536):
                received += piece
        except ConnectionResetError:
            pass
        return bytes(received)

    async def is_reset(self) -> bool:
        """Tell whether the connection ends by a reset; what comes before is dropped."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionResetError:
            return True
        return False
