"""A worker that listens and does what the test says: nothing by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from surestock.sync.protocol import Ask, FromApi, FromWorker, Told, frame, receive_from_api
from surestock.sync.socket_place import listen


class Mute:
    """One connection of an API process, and what came through it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.told: list[Told] = []
        self.asked: list[Ask] = []

    def say(self, message: FromWorker) -> None:
        self._writer.write(frame(message))

    def say_nonsense(self) -> None:
        self._writer.write(b"\0\0\0\2{}")

    async def hear(self) -> FromApi:
        """Return the next message, and keep it."""
        message = await receive_from_api(self._reader)
        if isinstance(message, Told):
            self.told.append(message)
        else:
            self.asked.append(message)
        return message

    def hang_up(self) -> None:
        self._writer.close()


@asynccontextmanager
async def mute_worker(directory: Path) -> AsyncIterator[Mute]:
    """Accept one connection, in place of a worker; it is closed at the end."""
    with await asyncio.to_thread(listen, directory) as listener:
        accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
        mute = Mute(*await asyncio.open_unix_connection(sock=accepted))
        try:
            yield mute
        finally:
            mute.hang_up()
