"""Work that is given up when something happens meanwhile."""

import asyncio
from collections.abc import Awaitable

import anyio


async def unless(event: asyncio.Event, work: Awaitable[object]) -> None:
    """Do ``work``, or what of it is done when ``event`` is set."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_at, event, tasks.cancel_scope)
        await work
        tasks.cancel_scope.cancel()


async def _cancel_at(event: asyncio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
