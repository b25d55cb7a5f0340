"""Whose first word counts: one API process alone may have another log, several have the same."""

import asyncio
from collections.abc import Callable

import pytest

from surestock.journal.position import Frontier
from surestock.sync.protocol import (
    Answer,
    Ask,
    FromWorker,
    Page,
    Progress,
    Told,
    frame,
    receive_from_worker,
)
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


async def _until(reader: asyncio.StreamReader, awaited: Callable[[FromWorker], bool]) -> None:
    """Return once the worker has sent what is awaited."""
    while not awaited(await receive_from_worker(reader)):
        pass


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
    frontiers = await write(house, 5)
    async with house.worker():
        reader, writer = await house.stranger()
        writer.write(frame(Told(frontiers[4])))
        await _until(reader, lambda told: isinstance(told, Progress) and told.applied_sequence == 5)
        writer.write(frame(Told(frontiers[1])) + frame(Ask(1, Page("", 1))))
        await _until(reader, lambda told: isinstance(told, Answer))
        assert MADE_AGAIN not in house.events()
        writer.transport.abort()
