"""Fifty readers of one log, of every speed, hanging up and resuming at random: each gets it all.

And it costs little more than one: the log is read once for all who read there.
"""

from datetime import timedelta
from random import Random

import anyio
import anyio.lowlevel
import pytest

from surestock.api.feed import pages as paging
from surestock.api.feed.pages import Pages
from surestock.engine.memory import MemoryEngine
from surestock.inventory.commands import CountStock
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope
from surestock.ledger.record import Record
from tests.api.desk import Api
from tests.api.reader import Reader

RECORDS = 1500
READERS = 50


class CountingEngine(MemoryEngine):
    """Counts how often its log is read for a page, and yields the turn while it is.

    A stream that begins looks at one record, whether it is there still: that is no page.
    """

    reads = 0

    async def records(self, after: int, limit: int) -> list[Record]:
        self.reads += limit > 1
        await anyio.lowlevel.checkpoint()
        return await super().records(after, limit)

    async def commit(self, records: int) -> None:
        for _ in range(records):
            await self.transact(Envelope(CountStock("berlin", "apple", 7), "ann", "req"))


def crowded() -> tuple[Api, CountingEngine]:
    clock = ManualClock()
    engine = CountingEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    return Api(engine, clock), engine


async def write(engine: CountingEngine, chance: Random) -> None:
    left = RECORDS
    while left:
        some = min(left, chance.randint(1, 40))
        await engine.commit(some)
        left -= some
        for _ in range(chance.randint(0, 5)):
            await anyio.lowlevel.checkpoint()


async def follow_all(api: Api, chance: Random, seen: list[int]) -> None:
    """Read all records into ``seen``, over as many connections as chance wants."""
    slowness = chance.choice([0, 0, 1, 3, 20])

    async def pace() -> None:
        for _ in range(slowness):
            await anyio.lowlevel.checkpoint()

    while len(seen) < RECORDS:
        most = min(RECORDS - len(seen), chance.choice([1, 17, 400, RECORDS]))
        reader = Reader(api, pace, most)
        last = seen[-1] if seen else 0
        await reader.follow(b"/events", (b"last-event-id", b"%d" % last))
        seen += reader.ids


@pytest.mark.parametrize("seed", range(3))
async def test_every_reader_gets_every_record_once_and_in_order(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small pages, few of them kept: so that readers miss what others made, and share what is left.
    monkeypatch.setattr(paging, "PAGE_BYTES", 8 * 1024)
    monkeypatch.setattr(paging, "KEPT_PAGES", 4)
    api, engine = crowded()
    seen: list[list[int]] = [[] for _ in range(READERS)]
    async with anyio.create_task_group() as tasks:
        for number in range(READERS):
            tasks.start_soon(follow_all, api, Random(f"{seed}-{number}"), seen[number])
        tasks.start_soon(write, engine, Random(seed))
    assert all(sequences == list(range(1, RECORDS + 1)) for sequences in seen)


async def test_readers_at_the_head_read_the_log_once_for_all_of_them() -> None:
    api, engine = crowded()
    readers = [Reader(api, most=100) for _ in range(READERS)]
    async with anyio.create_task_group() as tasks:
        for reader in readers:
            tasks.start_soon(reader.follow)
        for batch in range(10):
            await engine.commit(10)
            for reader in readers:
                await reader.until(lambda it=reader, least=batch * 10: len(it.ids) > least)  # type: ignore[misc]
    assert all(reader.ids == list(range(1, 101)) for reader in readers)
    assert engine.reads <= 20


async def test_a_page_goes_on_when_the_reader_that_makes_it_hangs_up() -> None:
    api, engine = crowded()
    await engine.commit(1)
    held = anyio.Event()
    makers = 0

    async def held_up(after: int, limit: int) -> list[Record]:
        nonlocal makers
        makers += limit > 1
        if limit > 1 and makers == 1:
            await held.wait()
        return await MemoryEngine.records(engine, after, limit)

    engine.records = held_up  # type: ignore[method-assign]
    first, second = Reader(api), Reader(api, most=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.follow)
        await first.until(lambda: first.chunks != [])
        tasks.start_soon(second.follow)
        await second.until(lambda: second.chunks != [])
        await anyio.wait_all_tasks_blocked()
        first.hang_up()
    assert (second.ids, makers) == ([1], 2)


async def test_pages_that_are_kept_stay_within_their_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 4 * 1024)
    monkeypatch.setattr(paging, "KEPT_BYTES", 10 * 1024)
    _, engine = crowded()
    await engine.commit(500)
    pages = Pages(engine, ManualClock(), gather_s=0)
    after = 0
    while after < 500:
        page = await pages.holding(after)
        assert len(page.text) <= 4 * 1024
        assert page.after == after < page.last
        after = page.last
    kept = pages._kept.values()  # noqa: SLF001 - what it holds on to is what is in question
    assert len(kept) > 1
    assert sum(len(page.text) for page in kept) <= 10 * 1024


async def test_a_record_that_is_larger_than_a_page_comes_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 10)
    _, engine = crowded()
    await engine.commit(3)
    page = await Pages(engine, ManualClock(), gather_s=0).holding(1)
    assert (page.after, page.last) == (1, 2)


async def test_what_comes_within_a_moment_goes_out_together() -> None:
    _, engine = crowded()
    clock = ManualClock()
    pages = Pages(engine, clock, gather_s=0.01)
    await engine.commit(1)
    assert (await pages.holding(0)).last == 1
    await engine.commit(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pages.holding, 1)
        await anyio.wait_all_tasks_blocked()
        await engine.commit(4)
    assert (await pages.holding(1)).last == 6
    clock.advance(1)
    await engine.commit(1)
    assert (await pages.holding(6)).last == 7
