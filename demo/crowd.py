"""Many tills at once, all taking from one queue of work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from demo.till import Send, Till

Task = TypeVar("Task")


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
    sends: Sequence[Send],
    work: Callable[[Task, Send], Coroutine[Any, Any, None]],
) -> None:
    """Do ``work`` on every task: whoever is free takes the next, so they begin in order.

    The first exception ends all of it and is raised in a group.
    """
    queue = iter(tasks)
    async with asyncio.TaskGroup() as group:
        for send in sends:
            group.create_task(_drain(queue, send, work))


async def _drain(
    queue: Iterator[Task], send: Send, work: Callable[[Task, Send], Coroutine[Any, Any, None]]
) -> None:
    for task in queue:
        await work(task, send)
