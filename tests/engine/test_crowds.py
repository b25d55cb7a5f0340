"""Every engine under many clients at once: nothing is lost, nothing is sold twice, all get answers.

Schedules are drawn from a seed: it decides what each client wants and how long it dawdles.
"""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ExpectedLine,
    MakeReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.inventory.model import Line
from surestock.inventory.refusals import InsufficientStock, LinesRefused, VersionConflict
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal
from surestock.ledger.port import Outcome
from tests.engine import broken
from tests.engine.audit import audit
from tests.engine.desk import RICE, TEA, Desk, body, key
from tests.engine.engines import AT_ONCE
from tests.map_limit import map_limit

CLIENTS = 16


async def tried(desk: Desk, command: Command) -> Outcome | Refusal:
    try:
        return await desk.do(command)
    except Refusal as refusal:
        return refusal


async def a_hundred_adjustments(desk: Desk) -> None:
    await desk.stock(0, TEA)
    deltas = [random.Random(7).randint(0, 9) for _ in range(100)]
    answers = await map_limit(CLIENTS, lambda delta: desk.do(AdjustStock(*TEA, delta)), deltas)
    assert await desk.numbers(TEA) == (sum(deltas), 0, 101)
    assert sorted(answer.sequence for answer in answers) == list(range(2, 102))
    assert sorted(body(answer)["version"] for answer in answers) == list(range(2, 102))
    assert await audit(desk.engine, desk.clock) == 101


async def test_a_hundred_adjustments_sixteen_at_a_time_all_count(desk: Desk) -> None:
    await a_hundred_adjustments(desk)


async def test_an_engine_that_loses_updates_is_found_out(tmp_path: Path) -> None:
    clock = ManualClock()
    flawed = broken.WritesWhatItReadAWhileAgo(tmp_path, clock)
    with pytest.raises(AssertionError):
        await a_hundred_adjustments(Desk(flawed, clock))


async def test_of_a_hundred_who_saw_the_same_version_exactly_one_wins(desk: Desk) -> None:
    await desk.stock(100, TEA)
    commands = [AdjustStock(*TEA, -1, expected_version=1)] * 100
    answers = await map_limit(100, lambda command: tried(desk, command), commands)
    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {Outcome: 1, VersionConflict: 99}
    assert await desk.numbers(TEA) == (99, 0, 2)


async def test_a_crowd_that_wants_more_than_there_is_gets_exactly_what_there_is(
    desk: Desk,
) -> None:
    await desk.stock(7, TEA)
    answers = await map_limit(50, lambda qty: tried(desk, ReserveStock(*TEA, qty)), [1] * 50)
    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {Outcome: 7, InsufficientStock: 43}
    assert await desk.numbers(TEA) == (7, 7, 8)


async def test_crowds_that_name_two_levels_in_opposite_orders_never_lock_each_other_out(
    desk: Desk,
) -> None:
    await desk.stock(30, TEA, RICE)
    one_way = (ExpectedLine(Line(*TEA, 1)), ExpectedLine(Line(*RICE, 1)))
    commands = [MakeReservation(one_way), MakeReservation(one_way[::-1])] * 20
    answers = await map_limit(CLIENTS, lambda command: tried(desk, command), commands)
    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {Outcome: 30, LinesRefused: 10}
    assert await desk.numbers(TEA) == (30, 30, 31)
    assert await desk.numbers(RICE) == (30, 30, 31)


async def test_read_then_write_with_the_version_loses_no_update(desk: Desk) -> None:
    await desk.stock(0, TEA)

    async def add_one(_client: int) -> int:
        tries = 0
        while True:
            tries += 1
            seen = await desk.level(TEA)
            wanted = CountStock(*TEA, seen.on_hand + 1, expected_version=seen.version)
            if isinstance(await tried(desk, wanted), Outcome):
                return tries
            assert tries < 1000, "no progress"

    tries = await map_limit(CLIENTS, add_one, range(60))
    assert await desk.numbers(TEA) == (60, 0, 61)
    assert sum(tries) >= 60


async def shop(desk: Desk, rng: random.Random, flow: Counter[str]) -> None:
    """One client: reserves or adjusts, dawdles, and ends what it has reserved."""
    where = rng.choice([TEA, RICE])
    qty = rng.randint(1, 4)
    if rng.random() < 0.4:
        delta = rng.choice([-qty, qty])
        if isinstance(await tried(desk, AdjustStock(*where, delta)), Outcome):
            flow[where[1]] += delta
        return
    ttl_s = rng.choice([None, 5])
    answer = await tried(desk, ReserveStock(*where, qty, ttl_s=ttl_s))
    if isinstance(answer, Refusal) or answer.reply.reservation_id is None:
        return
    for _ in range(rng.randint(0, 5)):
        await asyncio.sleep(0)
    if rng.random() < 0.2:
        desk.clock.advance(1)
    name = answer.reply.reservation_id
    end = rng.choice([CommitReservation(name), ReleaseReservation(name), None])
    if end is not None and isinstance(await tried(desk, end), Outcome):
        flow[where[1]] -= qty if isinstance(end, CommitReservation) else 0


@pytest.mark.parametrize("seed", range(12))
async def test_on_hand_is_what_there_was_plus_all_that_was_accepted(desk: Desk, seed: int) -> None:
    await desk.stock(20, TEA, RICE)
    rng = random.Random(seed)
    flow: Counter[str] = Counter()
    await map_limit(CLIENTS, lambda _: shop(desk, rng, flow), range(80))
    assert (await desk.level(TEA)).on_hand == 20 + flow["tea"]
    assert (await desk.level(RICE)).on_hand == 20 + flow["rice"]
    await audit(desk.engine, desk.clock)


@pytest.mark.parametrize("turns", range(6))
async def test_a_client_that_hangs_up_changes_nothing_about_what_is_recorded(
    desk: Desk, turns: int, engine_name: str
) -> None:
    await desk.stock(100, TEA)
    command = AdjustStock(*TEA, -1)
    first = asyncio.create_task(desk.do(command, key(command)))
    others = [asyncio.create_task(desk.do(AdjustStock(*TEA, -2))) for _ in range(3)]
    for _ in range(turns):
        await asyncio.sleep(0)
    first.cancel()
    answers = await asyncio.gather(*others)
    assert len({answer.sequence for answer in answers}) == 3
    # The key tells whether it was carried out; either way it is once in the end.
    again = await desk.do(command, key(command))
    assert await desk.numbers(TEA) == (93, 0, 5)
    if engine_name in AT_ONCE:
        assert again.replayed == (turns > 0)
    assert await audit(desk.engine, desk.clock) == 5


async def test_when_who_came_first_hangs_up_the_others_get_the_answer(desk: Desk) -> None:
    await desk.stock(10, TEA)
    command = AdjustStock(*TEA, -4)
    tries = [asyncio.create_task(desk.do(command, key(command))) for _ in range(4)]
    await asyncio.sleep(0)
    tries[0].cancel()
    tries[2].cancel()
    answers = [await tries[1], await tries[3]]
    assert [body(answer)["qty"] for answer in answers] == [6, 6]
    assert await desk.numbers(TEA) == (6, 0, 2)
