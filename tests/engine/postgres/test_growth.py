"""How far the log is: what this process commits is known at once, the rest is looked for.

And whether it is the log that it was: what was seen has to be there the next time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest

from surestock.engine.postgres import feed
from surestock.engine.postgres.feed import Growth, Tip
from surestock.inventory.unavailable import DatabaseUnavailable


class PaperReader:
    """Answers how far others have come; ``faults`` comes first, and ``meanwhile`` before it ends.

    Record N has the id "record N", or what ``others`` says of it.
    """

    def __init__(self) -> None:
        self.head = 0
        self.asked = 0
        self.faults = 0
        self.others: dict[int, str] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    async def ask(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        self.asked += 1
        if self.faults:
            self.faults -= 1
            raise DatabaseUnavailable
        found = await work(self)
        self.meanwhile()
        return found

    async def fetchrow(self, _: str, known: int) -> dict[str, Any]:
        return {"sequence": self.head, "id": self.id_of(self.head), "known_id": self.id_of(known)}

    def id_of(self, sequence: int) -> str | None:
        if not 0 < sequence <= self.head:
            return None
        return self.others.get(sequence, f"record {sequence}")


@pytest.fixture
def reader() -> PaperReader:
    return PaperReader()


@pytest.fixture
async def growth(reader: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Growth]:
    monkeypatch.setattr(feed, "_LOOK_EVERY_S", 0)
    monkeypatch.setattr(feed, "_LOOK_ANYWAY_AFTER_S", 3600)
    made = Growth()
    looking = asyncio.ensure_future(made.look(reader))
    yield made
    looking.cancel()


def record(sequence: int) -> Tip:
    return Tip(sequence, f"record {sequence}")


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_it_never_goes_back(growth: Growth) -> None:
    growth.saw(record(5))
    growth.saw(record(3))
    assert growth.sequence == 5


async def test_who_waits_is_woken_by_what_this_process_commits(growth: Growth) -> None:
    waiting = asyncio.ensure_future(growth.beyond(1))
    await settle()
    growth.committed(1, 1, "record 1")
    await settle()
    assert not waiting.done()
    growth.committed(2, 2, "record 2")
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


async def test_little_is_asked_while_nobody_waits(growth: Growth, reader: PaperReader) -> None:
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


async def why(growth: Growth) -> str:
    """Return why the engine fails, which it does."""
    async with asyncio.timeout(30):
        return str(await growth.failed())


async def test_a_log_that_ends_before_what_was_seen_is_told(
    growth: Growth, reader: PaperReader
) -> None:
    growth.committed(1, 20, "record 20")
    reader.head = 10
    waiting = asyncio.ensure_future(growth.beyond(20))
    assert "the log went back from record 20 to 10: the database has lost" in await why(growth)
    waiting.cancel()


async def test_a_log_that_has_grown_since_it_went_back_is_told(
    growth: Growth, reader: PaperReader
) -> None:
    growth.saw(record(20))
    reader.head, reader.others = 31, {20: "another"}
    waiting = asyncio.ensure_future(growth.beyond(20))
    assert "record 20 is another one than before, and the log is at 31" in await why(growth)
    waiting.cancel()


async def test_it_is_told_also_where_nobody_waits(
    growth: Growth, reader: PaperReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    growth.saw(record(20))
    reader.head = 10
    waiting = asyncio.ensure_future(growth.failed())
    await settle()
    assert not waiting.done()
    waiting.cancel()
    monkeypatch.setattr(feed, "_LOOK_ANYWAY_AFTER_S", 0)
    seldom = asyncio.ensure_future(growth.look(cast("Any", reader)))
    assert "from record 20 to 10" in await why(growth)
    seldom.cancel()


async def test_a_batch_of_this_process_that_gets_sequences_again_is_told(growth: Growth) -> None:
    growth.committed(1, 20, "record 20")
    growth.committed(11, 12, "record 12")
    assert "from record 20 to 10" in await why(growth)


async def test_a_batch_that_was_seen_before_it_was_told_is_no_loss(growth: Growth) -> None:
    growth.committed(1, 3, "record 3")
    growth.saw(record(6))  # it, and one of somebody else
    growth.committed(4, 5, "record 5")
    assert growth.failure is None
    growth.committed(7, 7, "record 7")
    assert growth.failure is None


async def test_an_answer_that_comes_late_is_no_loss(growth: Growth, reader: PaperReader) -> None:
    growth.saw(record(5))
    reader.head = 5
    reader.meanwhile = lambda: growth.committed(6, 9, "record 9")
    waiting = asyncio.ensure_future(growth.beyond(5))
    await settle()
    assert waiting.done()
    reader.meanwhile, reader.head = lambda: None, 9
    waiting = asyncio.ensure_future(growth.beyond(9))
    await settle()
    assert growth.failure is None
    waiting.cancel()


async def test_what_was_lost_first_is_why(growth: Growth) -> None:
    growth.went_back(20, 10)
    growth.went_back(30, 5)
    assert "from record 20 to 10" in await why(growth)
