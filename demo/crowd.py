"""Many tills at once, all taking from one queue of work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from demo.till import Till

Task = TypeVar("Task")
Hands = TypeVar("Hands")
"""What one of those who work needs: a way to send, or several."""


@asynccontextmanager
async def open_tills(host: str, port: int, number: int) -> AsyncIterator[list[Till]]:
    """Yield ``number`` tills, and close them afterwards."""
    tills = [Till(host, port) for _ in range(number)]
    try:
        yield tills
    finally:
        for till in tills:
            till.close()


async def share(
    tasks: Iterable[Task],
    crowd: Sequence[Hands],
    work: Callable[[Task, Hands], Coroutine[Any, Any, None]],
) -> None:
    """Do ``work`` on every task: whoever is free takes the next, so they begin in order.

    The first exception ends all of it and is raised in a group.
    """
    queue = iter(tasks)
    async with asyncio.TaskGroup() as group:
        for hands in crowd:
            group.create_task(_drain(queue, hands, work))


async def _drain(
    queue: Iterator[Task], hands: Hands, work: Callable[[Task, Hands], Coroutine[Any, Any, None]]
) -> None:
    for task in queue:
        await work(task, hands)
