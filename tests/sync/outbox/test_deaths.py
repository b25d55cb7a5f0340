"""Whatever dies at whichever step: the view is the fold of the records, and no change counts twice.

A change that counted twice, or was missed, does not follow by its version: it opens a letter. So
"missed" is what is not in the view as the log says it, and "doubled" the letters without a poison.
"""

import asyncio
import random
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from surestock.database import DatabaseDown, Lane, TryAgain
from surestock.sync.outbox import head
from surestock.sync.outbox.deciding import FIRST, decide, drain_some, retry_some
from surestock.sync.outbox.excerpt import Excerpt
from surestock.sync.outbox.folding import fold_some
from surestock.sync.outbox.head import SQL, Head
from tests.sync.outbox.mortal import Blow, Steps, cancel, cut, make_mortal, steps
from tests.sync.outbox.place import Place

__all__ = ["steps"]


async def one_round(place: Place) -> None:
    """Fold what is new, try letters again, decide about one that is open, and drain."""
    await place.run(lambda it: fold_some(it, 7, place.rules))
    await place.run(lambda it: retry_some(it, FIRST, place.rules))
    await place.run(lambda it: drain_some(it, place.rules))


async def survive(place: Place) -> None:
    """Have a round, in a task of its own, whatever comes of it."""
    task = asyncio.get_running_loop().create_task(one_round(place))
    with suppress(DatabaseDown, asyncio.CancelledError):
        await task


async def die_everywhere(place: Place, steps: Steps, blow: Blow) -> int:
    """Die once before each step of a round; return how many deaths there were."""
    generator = random.Random(20)
    steps.blow = blow
    deaths, after = 0, 1
    while True:
        for _ in range(5):
            changes = {
                (f"sku-{generator.randrange(4)}", generator.choice(("east", "west")))
                for _ in range(3)
            }
            sequence = place.log.add(*sorted(changes))
            if generator.random() < 0.3:
                sku, store = min(changes)
                place.gate.poisoned.add((sequence, store, sku))
        await place.put()
        if generator.random() < 0.5:
            place.gate.poisoned.clear()
        steps.deadly = {steps.taken + after}
        await survive(place)
        died = steps.taken >= min(steps.deadly)
        steps.deadly = set()
        await place.alone()
        if not died:
            return deaths
        deaths, after = deaths + 1, after + 1


async def settle(place: Place) -> None:
    """Fold all there is, and redrive what is parked, with nobody dying."""
    place.gate.poisoned.clear()
    await place.fold()
    for _ in range(100):
        letters = [it for it in await place.letters() if it.status in ("retrying", "dead")]
        if not letters:
            return
        for letter in letters:
            await place.run(partial(decide, letter_id=letter.id, reason=None, rules=place.rules))
    raise AssertionError("letters that should fold stay open")


async def die_and_compare(place: Place, steps: Steps, blow: Blow) -> int:
    deaths = await die_everywhere(place, steps, blow)
    await settle(place)
    assert await place.differences() == []
    assert not any(stock.diverged for stock in await place.stocks())
    tide = await place.tide()
    assert (tide.applied, tide.open_letters) == (place.log.sequence, 0)
    return deaths


@pytest.mark.parametrize("blow", [cut, cancel])
async def test_a_death_before_any_step_leaves_nothing_half_done(
    place: Place, steps: Steps, blow: Blow
) -> None:
    deaths = await die_and_compare(place, steps, blow)
    print(f"deaths at each step: {deaths}; missed 0, doubled 0")
    assert deaths > 12


async def test_the_head_in_a_transaction_of_its_own_is_found_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps()
    make_mortal(monkeypatch, steps, whole=False)
    with pytest.raises((AssertionError, TryAgain)):
        await die_and_compare(place, steps, cut)


async def crowd(place: Place, *, rounds: int, seed: int) -> tuple[int, int, int]:
    """Let three workers fold beside a writer, and strike one after the other.

    Return (deaths, missed, doubled).
    """
    generator = random.Random(seed)
    deaths = 0
    for number in range(rounds):
        workers = [place.worker(60) for _ in range(3)]
        async with asyncio.TaskGroup() as tasks:
            at_work = [tasks.create_task(worker.run()) for worker in workers]
            for _ in range(6):
                for _ in range(generator.randrange(1, 60)):
                    place.log.add(
                        (f"sku-{generator.randrange(9)}", generator.choice(("east", "west")))
                    )
                await place.put()
                await asyncio.sleep(generator.random() / 100)
                if number % 2:
                    at_work.pop(generator.randrange(len(at_work))).cancel()
                    at_work.append(tasks.create_task(place.worker(60).run()))
                else:
                    await place.run(lambda it: it.execute(_TERMINATE, "worker"))
                deaths += 1
            for task in at_work:
                task.cancel()
    await place.fold()
    missed = await place.differences()
    return deaths, len(missed), len(await place.letters())


_TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%central%'
    AND $1 <> ''
"""


async def test_three_workers_that_are_killed_in_turn_fold_each_change_once(place: Place) -> None:
    deaths, missed, doubled = await crowd(place, rounds=4, seed=14)
    print(f"three workers, {place.log.sequence} records, {deaths} deaths: ", end="")
    print(f"missed {missed}, doubled {doubled}")
    assert (missed, doubled) == (0, 0)
    assert (await place.tide()).applied == place.log.sequence


async def overtake(place: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Hold a worker up between what it read and what it writes, while another one folds on.

    Return (missed, doubled).
    """
    is_held_up, may_go_on = asyncio.Event(), asyncio.Event()
    save = Excerpt.save

    async def slow(*arguments: Any) -> Head:
        if not is_held_up.is_set():
            is_held_up.set()
            await may_go_on.wait()
        return await save(*arguments)

    monkeypatch.setattr(Excerpt, "save", slow)
    for sku in ("tea", "tea", "rice", "tea", "rice"):
        place.log.add((sku, "west"))
    await place.put()
    other = Lane(place.config)
    async with other.use() as connection, asyncio.TaskGroup() as tasks:
        tasks.create_task(fold_some(connection, 2, place.rules))
        await is_held_up.wait()
        await place.run(lambda it: fold_some(it, 100, place.rules))
        may_go_on.set()
    await other.close()
    await place.fold()
    return len(await place.differences()), len(await place.letters())


async def test_a_worker_that_was_held_up_is_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await overtake(place, monkeypatch) == (0, 0)


async def test_workers_that_do_not_take_turns_are_found_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_lock = {name: text.replace("FOR UPDATE SKIP LOCKED", "") for name, text in SQL.items()}
    monkeypatch.setattr(head, "SQL", no_lock)
    assert await overtake(place, monkeypatch) != (0, 0)
