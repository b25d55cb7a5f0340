"""The wire between the service and the platform, on which answers get lost.

It reads whole HTTP/1.1 messages that tell their length, passes them on, and looks at nothing but
whether a request pays.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from demo.checkout.platform.mishap import DELAY_S, Fate

HOST: Final = "127.0.0.1"
_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Wire:
    """Listens at a port of its own. ``happened`` counts the payments by their fate."""

    def __init__(
        self, upstream_port: int, pays: bytes, fates: Iterator[Fate], delay_s: float = DELAY_S
    ) -> None:
        self._upstream_port = upstream_port
        self._pays = pays
        self._fates = fates
        self._delay_s = delay_s
        self._is_closing = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._busy: set[asyncio.StreamWriter] = set()
        self.happened: Counter[Fate] = Counter()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Pass on while the context lasts, and give the port."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        try:
            async with server:
                yield server.sockets[0].getsockname()[1]
        finally:
            self._is_closing.set()
            for writer in tuple(self._busy):
                writer.close()
            if self._busy:
                await self._is_idle.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the service, over one of its own to the platform."""
        there: asyncio.StreamWriter | None = None
        self._busy.add(writer)
        try:
            answers, there = await asyncio.open_connection(HOST, self._upstream_port)
            while request := await read_message(reader):
                fate = next(self._fates) if self._pays in request else "answered"
                self.happened[fate] += self._pays in request
                answer = await self._exchange(request, fate, answers, there)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, EOFError):
            return  # one end is gone: the other learns of it when its connection is closed
        finally:
            for end in (writer, there):
                if end is not None:
                    end.close()
            self._busy.discard(writer)
            if self._is_closing.is_set() and not self._busy:
                self._is_idle.set()

    async def _exchange(
        self,
        request: bytes,
        fate: Fate,
        answers: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> bytes | None:
        """Pass a request on; return the answer, None when nobody is to hear it."""
        if fate == "late":
            await self._wait()
        there.write(request)
        await there.drain()
        answer = await read_message(answers)
        if fate == "slow":
            await self._wait()
        return answer if answer and fate in {"answered", "slow"} else None

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._delay_s):
                await self._is_closing.wait()
        except TimeoutError:
            return


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """Return head and body as they came; nothing when the connection ends before a head.

    Raises ``EOFError`` when it ends in the middle, ``OSError`` when it breaks or no length is told.
    """
    try:
        head = await reader.readuntil(_END_OF_HEAD)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""
    told = [line for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH)]
    if len(told) != 1:
        raise OSError(f"a message does not tell its length: {head!r}")
    return head + await reader.readexactly(int(told[0].removeprefix(_LENGTH)))
