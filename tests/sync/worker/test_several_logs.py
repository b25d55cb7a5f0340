"""Whose first word counts: one API process alone may have another log, several have the same."""

import asyncio

import pytest

from surestock.journal.position import Frontier
from surestock.sync.protocol import Told, frame
from tests.sync.worker.house import House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")

MADE_AGAIN = "the log is not the one that was folded; the view is made again"


async def write(house: House, records: int) -> list[Frontier]:
    """Write so many records; return the frontier behind each."""
    frontiers = []
    for _ in range(records):
        await house.write(("tea", "berlin"))
        assert house.frontier is not None
        frontiers.append(house.frontier)
    return frontiers


async def come_and_tell(house: House, *frontiers: Frontier) -> asyncio.StreamWriter:
    """Connect as another API process that tells of these, and is informed."""
    reader, writer = await house.stranger()
    writer.write(b"".join(frame(Told(frontier)) for frontier in frontiers))
    await writer.drain()
    assert await reader.read(1)
    return writer


async def test_a_second_process_that_is_behind_does_not_make_the_view_again(house: House) -> None:
    async with house.open() as link:
        frontiers = await write(house, 5)
        await link.sync()
        writer = await come_and_tell(house, frontiers[1])
        # Also not when the one that was first tells of what comes next.
        await house.write(("tea", "berlin"))
        assert (await link.sync()).applied_sequence == 6
        assert MADE_AGAIN not in house.events()
        writer.transport.abort()


async def test_a_process_alone_whose_log_is_shorter_has_another_one(house: House) -> None:
    async with house.worker():
        async with house.link() as link:
            frontiers = await write(house, 5)
            await link.sync()
        # It takes a moment until the worker knows that the first one is gone.
        while MADE_AGAIN not in house.events():
            writer = await come_and_tell(house, frontiers[1])
            writer.transport.abort()
        assert "connected to the sync worker" in house.events()


async def test_only_the_first_word_of_a_connection_may_tell_of_another_log(house: House) -> None:
    async with house.worker():
        frontiers = await write(house, 5)
        writer = await come_and_tell(house, frontiers[4])
        async with house.link() as link:
            await link.sync()
        for frontier in (frontiers[1], frontiers[4]):
            writer.write(frame(Told(frontier)))
        await writer.drain()
        await house.write(("tea", "berlin"))
        async with house.link() as link:
            assert (await link.sync()).applied_sequence == 6
        assert MADE_AGAIN not in house.events()
        writer.transport.abort()
