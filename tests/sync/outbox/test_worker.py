"""The worker: it folds as records come, tries again what failed, and ends with nothing left."""

import asyncio

import pytest

from tests.real.postgres import Cluster
from tests.sync.fold.paper import impossible
from tests.sync.outbox.place import Place, until

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries


async def test_what_becomes_durable_is_folded_by_itself_and_a_worker_is_seen(place: Place) -> None:
    async with place.asking() as central, place.working():
        for _ in range(5):
            place.log.add(("tea", "west"))
            sequence = await place.put()
            stock, applied = await central.find("tea", sequence)
            assert applied >= sequence
            assert stock is not None
            assert stock.levels[0].version == sequence
        await until(lambda: central.status().alive)
    assert await place.differences() == []


async def test_told_to_end_it_folds_what_is_durable_first(place: Place) -> None:
    for number in range(3000):
        place.log.add((f"sku-{number % 7}", "west"))
    await place.put()
    worker = place.worker()
    worker.end()
    await worker.run()
    assert (await place.tide()).applied == 3000
    assert await place.differences() == []


async def test_it_tries_letters_again_until_they_are_dead_and_others_go_on(place: Place) -> None:
    place.gate.poisoned.add((1, "west", "tea"))
    place.log.add(("tea", "west"), ("rice", "west"))
    place.log.add(("tea", "west"), ("rice", "west"))
    await place.put()
    async with place.working(interval_s=0.01):
        while [it.status for it in await place.letters()] != ["dead"]:  # noqa: ASYNC110 - the database is looked at
            await asyncio.sleep(0.01)
    [letter] = await place.letters()
    assert (letter.attempts, letter.parked) == (3, 1)
    assert await place.shown("rice") == {"west": 2}


async def test_several_workers_use_up_the_tries_no_faster(place: Place) -> None:
    await place.add(("tea", "west", impossible))
    async with place.working(60), place.working(60), place.working(60):
        while (await place.letters())[0].attempts < 2:  # noqa: ASYNC110 - the database is looked at
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
    assert (await place.letters())[0].attempts == 2


async def test_it_drains_what_an_api_process_had_no_time_for(place: Place) -> None:
    place.gate.poisoned.add((1, "west", "tea"))
    for _ in range(200):
        place.log.add(("tea", "west"))
    await place.put()
    await place.fold()
    place.gate.poisoned.clear()
    async with place.working(0.01):
        while await place.is_diverged("tea"):  # noqa: ASYNC110 - the database is looked at
            await asyncio.sleep(0.01)
    assert await place.differences() == []
    assert set(place.gate.passed.values()) == {1}


async def test_it_and_who_asks_outlive_the_server_and_heal_by_themselves(
    place: Place, postgres: Cluster
) -> None:
    async with place.asking() as central, place.working():
        for blow in (postgres.stop_at_once, postgres.kill):
            place.log.add(("tea", "west"))
            await place.put()
            await until(lambda: central.status().alive)
            await asyncio.to_thread(blow)
            await until(lambda: "the sync worker lost the database" in place.lines)
            await until(lambda: central.status().breaker_openings > 0 or _asked_in_vain(place))
            await asyncio.to_thread(postgres.start_again)
            await until(lambda: "the sync worker has the database again" in place.lines)
            place.lines.clear()
            place.lane.drop()
            place.log.add(("tea", "west"))
            sequence = await place.put()
            await until(lambda: central.status().lag_events == 0, 60)
            stock, _ = await central.find("tea", sequence)
            assert stock is not None
            assert stock.levels[0].version == sequence
    assert await place.differences() == []


def _asked_in_vain(place: Place) -> bool:
    return "the central view cannot be asked in the database" in place.lines


async def test_a_schema_that_comes_later_is_waited_for(place: Place) -> None:
    rename = "ALTER TABLE surestock.{} RENAME TO {}"
    await place.run(lambda it: it.execute(rename.format("central_head", "elsewhere")))
    async with place.working():
        await until(lambda: "the sync worker lost the database" in place.lines)
        await place.run(lambda it: it.execute(rename.format("elsewhere", "central_head")))
        await until(lambda: "the sync worker has the database again" in place.lines)


async def test_that_the_view_stands_still_is_told_once_and_that_it_goes_on(place: Place) -> None:
    place.log.add(("tea", "west"))
    sound, place.log.records[0] = place.log.records[0].decode(), b"{]"
    await place.put()
    async with place.working():
        await until(lambda: "the central view stands still" in place.lines)
        await asyncio.sleep(0.5)
        await place.run(lambda it: it.execute("UPDATE surestock.records SET body = $1", sound))
        await until(lambda: "the central view is folded again" in place.lines)
    assert place.lines.count("the central view stands still") == 1
    assert await place.differences() == []
