"""Clients of a mutex, and a record of who was inside when. Nothing here trusts the mutex."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeAlias

from surestock.locking import KeyedMutex

Promise: TypeAlias = Callable[[KeyedMutex[str]], Awaitable[None]]
"""An attack on a mutex. It raises when the mutex gives in."""

ENOUGH_TURNS = 60
"""Turns of the event loop after which everything that can move has moved."""


class Failed(Exception):
    """A client failed while it owned its keys."""


async def settle(turns: int = ENOUGH_TURNS) -> None:
    """Let the event loop turn until nothing moves any more."""
    for _ in range(turns):
        await asyncio.sleep(0)


class Client:
    """One task that wants some keys, and stays inside until it is told to leave."""

    def __init__(self, crowd: "Crowd", name: str, keys: Sequence[str]) -> None:
        self.name = name
        self.keys = keys
        self.fails = False
        self.inside = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._run(crowd), name=name)

    def leave(self, *, fail: bool = False) -> None:
        """Let the client go on: out of the block, or out by an error."""
        self.fails = fail
        self._leave.set()

    async def _run(self, crowd: "Crowd") -> None:
        async with crowd.mutex.hold(self.keys):
            crowd.enter(self)
            try:
                await self._leave.wait()
                if self.fails:
                    raise Failed(self.name)
            finally:
                crowd.exit(self)


class Crowd:
    """The clients of one mutex. ``order`` tells who came in, ``overlaps`` who met whom inside."""

    def __init__(self, mutex: KeyedMutex[str]) -> None:
        self.mutex = mutex
        self.order: list[str] = []
        self.overlaps: list[tuple[str, str]] = []
        self._inside: list[Client] = []
        self._clients: list[Client] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._clients:
            client.task.cancel()
        await asyncio.gather(*(client.task for client in self._clients), return_exceptions=True)

    async def come(self, name: str, keys: str) -> Client:
        """Start a client that wants each letter of ``keys``; return when it owns them or waits."""
        client = Client(self, name, list(keys))
        self._clients.append(client)
        await settle()
        return client

    async def come_all(self, names: str, keys: str) -> list[Client]:
        """Start one client a letter of ``names``, in this order."""
        return [await self.come(name, keys) for name in names]

    def enter(self, client: Client) -> None:
        """Note that ``client`` is inside."""
        client.inside = True
        self.order.append(client.name)
        for other in self._inside:
            if set(other.keys) & set(client.keys):
                self.overlaps.append((other.name, client.name))
        self._inside.append(client)

    def exit(self, client: Client) -> None:
        """Note that ``client`` went out."""
        client.inside = False
        self._inside.remove(client)

    async def leave_all(self) -> None:
        """Let everybody out, one after the other, and let their turns come."""
        for client in self._clients:
            client.leave()
        await settle()
        stuck = [client.name for client in self._clients if not client.task.done()]
        assert stuck == [], f"still waiting: {stuck}"
