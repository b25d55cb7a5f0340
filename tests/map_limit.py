"""Run many coroutines, a bounded number at a time, as that many clients would."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def map_limit(limit: int, call: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """Await ``call(item)`` for every item, at most ``limit`` at once; return answers in order.

    The first error ends the rest and comes out in an ``ExceptionGroup``.
    """
    answers: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def client() -> None:
        for place, item in waiting:
            answers[place] = await call(item)

    async with asyncio.TaskGroup() as clients:
        for _ in range(limit):
            clients.create_task(client())
    return [answers[place] for place in sorted(answers)]
