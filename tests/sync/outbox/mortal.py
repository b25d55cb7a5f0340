"""Connections that die at a chosen step, and folding with a flaw that only a death brings out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

import asyncpg
import pytest

from surestock.database import Lane

Blow = Callable[[asyncpg.Connection], Awaitable[None]]
"""What is done to a connection before a step of it."""


async def cut(connection: asyncpg.Connection) -> None:
    """Lose the connection at this end, with whatever was not committed."""
    connection.terminate()


async def cancel(_: asyncpg.Connection) -> None:
    """Cancel who uses the connection."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


class Steps:
    """Counts the steps of all connections, and strikes before each step in ``deadly``."""

    def __init__(self) -> None:
        self.taken = 0
        self.deadly: set[int] = set()
        self.blow: Blow = cut

    async def step(self, connection: asyncpg.Connection) -> None:
        self.taken += 1
        if self.taken in self.deadly:
            await self.blow(connection)


class Mortal:
    """A connection of which every statement, and both ends of a transaction, are steps."""

    def __init__(self, connection: asyncpg.Connection, steps: Steps, *, whole: bool) -> None:
        self._connection = connection
        self._steps = steps
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def call(*arguments: Any) -> Any:
            await self._steps.step(self._connection)
            return await method(*arguments)

        return call

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        begun: AbstractAsyncContextManager[Any] = (
            self._connection.transaction() if self._whole else nullcontext()
        )
        async with begun:
            yield
            await self._steps.step(self._connection)
        await self._steps.step(self._connection)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    """Let every lane that is used from here on give out mortal connections."""
    made = Steps()
    make_mortal(monkeypatch, made, whole=True)
    yield made
    made.deadly.clear()


def make_mortal(monkeypatch: pytest.MonkeyPatch, steps: Steps, *, whole: bool) -> None:
    """Let lanes give out mortal connections; without ``whole``, there are no transactions."""
    use = _USE

    @asynccontextmanager
    async def mortal(lane: Lane, within_s: float | None = None) -> AsyncIterator[Any]:
        async with use(lane, within_s) as connection:
            yield Mortal(connection, steps, whole=whole)

    monkeypatch.setattr(Lane, "use", mortal)


_USE = Lane.use
