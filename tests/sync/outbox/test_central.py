"""The port, as an API process has it: from the tables, whether a worker is there or not."""

import asyncio

import pytest

from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind
from surestock.sync.outbox import Patience, PostgresCentral
from tests.real.steady import steady_time
from tests.sync.fold.paper import garbled, impossible
from tests.sync.outbox.place import Place, answered, until

SHORT = Patience(sync_s=0.3, answer_s=2.5, decide_s=1)


async def test_a_sync_folds_by_itself_and_tells_what_came_since_the_last_one(place: Place) -> None:
    for _ in range(3):
        place.log.add(("tea", "west"), ("rice", "east"))
    async with place.asking() as central:
        await until(lambda: central.status().breaker == "closed" and central._synced is not None)  # noqa: SLF001
        await place.put()
        first = await central.sync()
        assert (first.applied, first.dead_lettered, first.applied_sequence) == (3, 0, 3)
        place.log.add(("tea", "west", garbled))
        await place.put()
        second = await central.sync()
        assert (second.applied, second.dead_lettered, second.applied_sequence) == (1, 1, 4)
        third = await central.sync()
        assert (third.applied, third.dead_lettered, third.applied_sequence) == (0, 0, 4)


async def test_a_find_waits_for_the_sequence_that_it_names(place: Place) -> None:
    await place.add(("tea", "west"))
    async with place.asking() as central, asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(central.find("tea", 2)) for _ in range(20)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in found)
        await place.add(("tea", "west"))
        for task in found:
            stock, sequence = await task
            assert sequence == 2
            assert stock is not None
            assert stock.levels[0].version == 2
    assert await place.differences() == []


async def test_what_nobody_folds_is_said_to_be_behind_and_why(place: Place) -> None:
    await place.add(("tea", "west"))
    place.log.add(("tea", "west"))
    await place.put()
    async with place.asking(SHORT) as central:
        with pytest.raises(CentralBehind, match="No sync worker is running"):
            await answered(lambda: central.find("tea", 2))
        with pytest.raises(CentralBehind, match="at sequence 2 and has not reached 9"):
            await answered(lambda: central.find("tea", 9))
        stock, sequence = await answered(lambda: central.find("tea", 0))
        assert stock is not None
        assert (stock.levels[0].version, sequence) == (1, 1)
        await answered(lambda: central.page("", 1))
        status = central.status()
        assert (status.applied_sequence, status.lag_events) == (1, 1)
        assert not status.alive


async def test_no_answer_is_older_than_one_before(place: Place) -> None:
    await place.add(("tea", "west"))
    async with place.asking(SHORT) as central:
        await answered(lambda: central.find("tea", 1))
        await place.run(lambda it: it.execute("UPDATE surestock.central_head SET sequence = 0"))
        with pytest.raises(CentralBehind):
            await answered(lambda: central.page("", 9))


async def test_while_the_view_stands_still_everybody_is_told_why(place: Place) -> None:
    await place.add(("tea", "west"))
    place.log.records.append(b"{]")
    await place.put()
    async with place.asking() as central:
        for _ in range(2):
            with pytest.raises(CentralBehind, match="stands still: Record 2 cannot be folded"):
                await central.sync()
        with pytest.raises(CentralBehind, match="stands still: Record 2 cannot be folded"):
            await central.find("tea", 0)


async def test_pages_and_letters_come_in_order_and_in_parts(place: Place) -> None:
    for number in range(1, 12):
        place.log.add((f"sku-{number:02}", "west", garbled), (f"ware-{number:02}", "west"))
    await place.put()
    async with place.asking() as central:
        await central.sync()
        ids = [f"{number}.0" for number in range(1, 12)]
        seen: list[str] = []
        while page := await central.dead_letters(seen[-1] if seen else "", 4):
            seen += [letter.id for letter in page]
        assert seen == ids
        skus: list[str] = []
        while items := (await central.page(skus[-1] if skus else "", 5)).items:
            assert len(items) <= 5
            skus += [stock.sku for stock in items]
        assert skus == sorted(skus)
        assert len(skus) == len(set(skus)) == 22


async def test_letters_are_redriven_and_discarded_without_a_worker(place: Place) -> None:
    await place.add(("tea", "west"))
    await place.add(("tea", "west", impossible), ("rice", "west"))
    for _ in range(30):
        place.log.add(("tea", "west"))
    await place.put()
    async with place.asking() as central:
        await central.sync()
        tried = await central.redrive("2.0")
        assert (tried.status, tried.attempts, tried.parked) == ("retrying", 2, 30)
        gone = await central.discard("2.0", "counted wrongly")
        assert (gone.status, gone.parked) == ("discarded", 0)
        stock, _ = await central.find("tea", 32)
        assert stock is not None
        assert (stock.levels[0].version, stock.diverged) == (32, False)
        with pytest.raises(NotFound):
            await central.redrive("9.0")
    assert await place.differences() == []


async def test_nobody_waits_longer_than_his_patience_for_a_head_that_is_taken(
    place: Place,
) -> None:
    await place.add(("tea", "west", garbled))
    place.log.add(("tea", "west"))
    await place.put()
    other = type(place.lane)(place.config)
    async with place.asking(SHORT) as central, other.use(60) as holder, holder.transaction():
        await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await holder.execute("SELECT 1 FROM surestock.central_head FOR UPDATE")
        with pytest.raises(CentralBehind):
            await answered(central.sync)
        stock, _ = await answered(lambda: central.find("tea", 1))
        assert stock is not None, "reads wait for no lock"
        calls = [central.discard("1.0", "wrong"), central.redrive("1.0"), central.sync()]
        begun = steady_time()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, Exception) for end in ends)
        assert steady_time() - begun < 10
    await other.close()


async def test_a_central_that_never_ran_answers_all_the_same(place: Place) -> None:
    place.log.add(("tea", "west"))
    await place.put()
    central: PostgresCentral = place.central()
    assert central.status().applied_sequence == 0
    assert await central.caught_up(10)
    assert central.status().applied_sequence == 1
    await central.close()
