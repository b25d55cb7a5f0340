"""What an API process sees of the central view: whole, and never older than before."""

import asyncio

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from surestock.inventory.central import CentralStock, Synced
from surestock.inventory.refusals import NotFound
from surestock.kit.clock import ManualClock
from surestock.sync import connection
from surestock.sync.link import CentralLink
from surestock.sync.protocol import Answer, Found, Progress, value
from tests.sync.fold.paper import impossible
from tests.sync.worker.house import House
from tests.sync.worker.mute import Mute, mute_worker

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_a_sync_covers_every_change_that_was_durable_before_it(house: House) -> None:
    async with house.open() as link:
        for number in range(1, 51):
            await house.write((f"sku-{number % 5}", "berlin"))
            if number % 10 == 0:
                assert await link.sync() == Synced(10, 0, applied_sequence=number)
        page = await link.page("", 100)
        assert page.applied_sequence == 50
        assert [stock.sku for stock in page.items] == [f"sku-{number}" for number in range(5)]
        assert {stock.levels[0].version for stock in page.items} == {10}


async def test_a_sync_of_an_empty_log_is_done_at_once(house: House) -> None:
    async with house.open() as link:
        assert (await link.sync()).applied_sequence == 0
        assert await link.find("tea", 0) == (None, 0)


async def test_an_answer_waits_for_the_sequence_that_it_was_asked_for(house: House) -> None:
    async with house.open() as link, create_task_group() as tasks:
        found: list[tuple[CentralStock | None, int]] = []

        async def look() -> None:
            found.append(await link.find("tea", 2))

        await house.write(("tea", "berlin"))
        await link.sync()
        tasks.start_soon(look)
        assert await link.find("rice", 0) == (None, 1)
        assert found == []
        await house.write(("tea", "berlin"))
    stock, applied = found[0]
    assert applied == 2
    assert stock is not None
    assert stock.levels[0].version == 2


async def test_letters_are_read_redriven_and_discarded_through_the_link(house: House) -> None:
    async with house.open() as link:
        await house.write(("tea", "berlin"), ("rice", "berlin"))
        bad = await house.write(("tea", "berlin", impossible))
        await house.write(("tea", "berlin"))
        synced = await link.sync()
        assert (synced.applied, synced.dead_lettered) == (3, 1)
        letters = await link.dead_letters("", 100)
        assert [(it.id, it.status, it.parked) for it in letters] == [(f"{bad}.0", "retrying", 1)]
        assert await link.dead_letters("", 0) == await link.dead_letters(f"{bad}.0", 9) == []
        assert link.status().dead_letters == 1
        assert (await link.redrive(f"{bad}.0")).attempts == 2
        given_up = await link.discard(f"{bad}.0", "miscounted")
        assert (given_up.status, given_up.reason) == ("discarded", "miscounted")
        tea, _ = await link.find("tea", 0)
        assert tea == CentralStock("tea", (house.paper.truth["berlin", "tea"],), diverged=False)


async def test_an_unknown_letter_is_not_found(house: House) -> None:
    async with house.open() as link:
        with pytest.raises(NotFound, match=r"no dead letter 9\.0"):
            await link.redrive("9.0")
        with pytest.raises(NotFound, match=r"no dead letter 9\.0"):
            await link.discard("9.0", "why not")


async def test_a_worker_that_is_about_to_come_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_COMES_WITHIN_S", 60.0)
    await house.write(("tea", "berlin"))
    async with house.link() as link, create_task_group() as tasks:
        tasks.start_soon(link.sync)
        await asyncio.sleep(0)
        async with house.worker():
            await link.sync()
        assert link.status().applied_sequence == 1


async def test_no_answer_is_older_than_the_log_was_when_the_worker_came(house: House) -> None:
    for _ in range(3):
        await house.write(("tea", "berlin"))
    async with house.link() as link, mute_worker(house.meeting_place) as worker:
        worker.say(Progress(1, 0, 0, 0))
        await house.logged("connected to the sync worker")
        await answered_only_from(3, link, worker)


async def test_a_view_that_is_made_anew_never_shows_less_than_before(house: House) -> None:
    async with house.link() as link, mute_worker(house.meeting_place) as worker:
        worker.say(Progress(0, 0, 0, 0))
        await house.logged("connected to the sync worker")
        for _ in range(3):
            await house.write(("tea", "berlin"))
        worker.say(Progress(3, 0, 0, 0))
        await house.until(lambda: link.status().lag_events == 0)
        worker.say(Progress(1, 0, 0, 0))
        await house.until(lambda: link.status().lag_events == 2)
        await answered_only_from(3, link, worker)


async def answered_only_from(sequence: int, link: CentralLink, worker: Mute) -> None:
    """Ask, and see that the worker is not asked before it has come up to ``sequence``."""
    async with create_task_group() as tasks:
        tasks.start_soon(link.find, "tea", 0)
        await wait_all_tasks_blocked()
        worker.say(Progress(sequence - 1, 0, 0, 0))
        await wait_all_tasks_blocked()
        worker.say(Progress(sequence, 0, 0, 0))
        while not worker.asked:
            await worker.hear()
        assert link.status().applied_sequence == sequence
        worker.say(Answer(worker.asked[0].id, value(Found(None, sequence))))


async def test_the_lag_tells_since_when_the_worker_is_behind(house: House) -> None:
    clock = ManualClock()
    async with house.link(clock=clock) as link, mute_worker(house.meeting_place) as worker:
        worker.say(Progress(0, 0, 0, 0))
        await house.logged("connected to the sync worker")
        assert (link.status().lag_events, link.status().lag_seconds) == (0, 0)
        await house.write(("tea", "berlin"))
        clock.advance(3)
        assert (link.status().lag_events, link.status().lag_seconds) == (1, 3)
        await worker.hear()
        clock.advance(4)
        await house.write(("tea", "berlin"))
        assert (link.status().lag_events, link.status().lag_seconds) == (2, 7)
        worker.say(Progress(1, 0, 0, 0))
        await worker.hear()  # what was not folded then became durable after the first was told
        assert (link.status().lag_events, link.status().lag_seconds) == (1, 4)
        worker.say(Progress(2, 0, 0, 0))
        await house.until(lambda: not link.status().lag_events)
        assert link.status().lag_seconds == 0
