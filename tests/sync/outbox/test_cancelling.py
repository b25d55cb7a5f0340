"""Who is cancelled while the database is lost ends all the same."""

import asyncio

import pytest

from tests.sync.outbox.place import Place


async def test_a_cancellation_is_not_taken_for_a_lost_connection(place: Place) -> None:
    async def lose_and_be_cancelled() -> None:
        async with place.lane.use() as connection, connection.transaction():
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            connection.terminate()
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lose_and_be_cancelled())
        with pytest.raises(asyncio.CancelledError):
            await task
