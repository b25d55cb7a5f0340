"""A use that was cut off between two steps of the driver is a database that is down."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, DatabaseDown, Lane


async def test_a_loop_that_stood_still_is_a_database_that_is_down(config: DatabaseConfig) -> None:
    lane = Lane(replace(config, deadline_s=0.3))
    await lane.open()
    loop = asyncio.get_running_loop()

    async def ask() -> None:
        async with lane.use() as connection:
            # The first step is sent before the loop stands still, and answered meanwhile.
            loop.call_soon(lambda: loop.call_soon(time.sleep, 0.6))
            await connection.fetchval("SELECT $1::int", 1)

    with pytest.raises(DatabaseDown):
        await ask()
    assert not lane.is_open


async def test_what_goes_on_with_a_connection_that_is_no_more_is_told_so(lane: Lane) -> None:
    async def go_on() -> None:
        async with lane.use() as connection:
            connection.terminate()
            connection.get_server_pid()

    with pytest.raises(DatabaseDown, match="closed while it was in use"):
        await go_on()


async def test_a_mistake_here_is_no_database_that_is_down(lane: Lane) -> None:
    with pytest.raises(AttributeError, match="a mistake"):
        async with lane.use():
            raise AttributeError("a mistake")


async def test_who_was_cancelled_meanwhile_is_cancelled(lane: Lane) -> None:
    async def work() -> None:
        async with lane.use() as connection:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            connection.terminate()
            connection.get_server_pid()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work())
        with pytest.raises(asyncio.CancelledError):
            await task
