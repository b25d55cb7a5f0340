"""How far the log is: what this process commits is known at once, the rest while anybody waits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from surestock.engine.postgres import feed
from surestock.engine.postgres.feed import Growth
from surestock.inventory.unavailable import DatabaseUnavailable


class PaperReader:
    """Answers how far others have come; ``faults`` comes first."""

    def __init__(self) -> None:
        self.head = 0
        self.asked = 0
        self.faults = 0

    async def ask(self, work: object) -> int:
        del work
        self.asked += 1
        if self.faults:
            self.faults -= 1
            raise DatabaseUnavailable
        return self.head


@pytest.fixture
def reader() -> PaperReader:
    return PaperReader()


@pytest.fixture
async def growth(reader: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Growth]:
    monkeypatch.setattr(feed, "_LOOK_EVERY_S", 0)
    made = Growth()
    looking = asyncio.ensure_future(made.look(reader))
    yield made
    looking.cancel()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_it_never_goes_back(growth: Growth) -> None:
    growth.told(5)
    growth.told(3)
    assert growth.sequence == 5


async def test_who_waits_is_woken_by_what_this_process_commits(growth: Growth) -> None:
    waiting = asyncio.ensure_future(growth.beyond(1))
    await settle()
    growth.told(1)
    await settle()
    assert not waiting.done()
    growth.told(2)
    async with asyncio.timeout(30):
        await waiting
    await growth.beyond(1)


async def test_who_waits_is_woken_by_what_others_commit(
    growth: Growth, reader: PaperReader
) -> None:
    waiting = asyncio.ensure_future(growth.beyond(6))
    await settle()
    reader.head = 7
    async with asyncio.timeout(30):
        await waiting
    assert growth.sequence == 7


async def test_a_lost_database_ends_no_wait(growth: Growth, reader: PaperReader) -> None:
    reader.faults, reader.head = 3, 1
    async with asyncio.timeout(30):
        await growth.beyond(0)
    assert reader.faults == 0


async def test_nothing_is_asked_while_nobody_waits(growth: Growth, reader: PaperReader) -> None:
    await settle()
    assert reader.asked == 0
    waiting = [asyncio.ensure_future(growth.beyond(0)) for _ in range(2)]
    await settle()
    assert reader.asked > 0
    waiting[0].cancel()
    await settle()
    before = reader.asked
    await settle()
    assert reader.asked > before, "one still waits"
    waiting[1].cancel()
    await settle()
    before = reader.asked
    await settle()
    assert reader.asked == before
