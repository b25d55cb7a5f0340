"""The process: one port where the platform is, when it is, and one to tell it how to behave.

Run as ``python -m tests.stand_in.server``; it writes its ports as one line of JSON, and ends when
its standard input does.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from http import HTTPStatus

import msgspec

from tests.real.process import steady_port
from tests.stand_in.shop import Answer, Shop
from tests.stand_in.terms import Behaviour, Ports

_HOST = "127.0.0.1"


class Platform:
    """The shop, and the port where it is."""

    def __init__(self) -> None:
        self._shop = Shop()
        self._behaviour = Behaviour()
        self._connected: set[StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = steady_port()

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, _HOST, self.port, backlog=1024)

    async def serve_control(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Take a behaviour, or tell the books; one connection, one question."""
        method, _, body = await _read(reader)
        if method == "POST":
            await self._behave(msgspec.json.decode(body, type=Behaviour))
        _write(writer, Answer(200, self._shop.books() if method == "GET" else {}))
        await writer.drain()
        writer.close()

    async def _behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._shop.behave(behaviour)
        if behaviour.mode == "refuse" and self._server is not None:
            self._server.close()
            self._server = None
            for writer in self._connected:
                writer.transport.abort()
        elif behaviour.mode != "refuse" and self._server is None:
            await self.open()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._connected.add(writer)
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client left, or was reset
        finally:
            self._connected.discard(writer)
            writer.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer one request; return False when the connection is to be closed instead."""
        method, path, body = await _read(reader)
        if self._behaviour.mode == "hang":
            await reader.read()  # until the client leaves
            return False
        if self._behaviour.mode == "fail":
            _write(writer, Answer(500))
            return True
        answer = self._shop.answer(method, path, msgspec.json.decode(body) if body else None)
        if answer is None:
            return False
        if answer.after_s:
            await asyncio.sleep(answer.after_s)
        _write(writer, answer)
        return True


async def _read(reader: StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return method, target, await reader.readexactly(int(headers.get("content-length", "0")))


def _write(writer: StreamWriter, answer: Answer) -> None:
    body = b"" if answer.body is None else msgspec.json.encode(answer.body)
    phrase = HTTPStatus(answer.status).phrase
    head = f"HTTP/1.1 {answer.status} {phrase}\r\n"
    if answer.status != HTTPStatus.NO_CONTENT:
        head += f"Content-Length: {len(body)}\r\n"
    writer.write(f"{head}\r\n".encode() + body)


async def _main() -> None:
    platform = Platform()
    await platform.open()
    control = await asyncio.start_server(platform.serve_control, _HOST, 0)
    ports = Ports(platform.port, control.sockets[0].getsockname()[1])
    sys.stdout.buffer.write(msgspec.json.encode(ports) + b"\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
