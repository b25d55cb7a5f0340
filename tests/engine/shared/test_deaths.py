"""Whoever writes may die at any step: the next one makes its end sound, and goes on.

What was submitted may be in the log, what was acknowledged is, and nothing is applied twice.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.inventory.commands import ExtendReservation
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Unavailable
from surestock.ledger.port import Outcome
from tests.engine.log.bench import adjust, count, reserve, sent
from tests.engine.shared.house import MENDING, STEPS, Doom, Player, config_in, doomed
from tests.engine.shared.verdict import check_members

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
APPLE = ("s1", "apple")
_SOLD = 12


@pytest.fixture
def doom() -> Iterator[Doom]:
    with doomed() as doom:
        yield doom


async def opened(root: Path, clock: ManualClock, count: int = 2) -> list[Player]:
    members = [Player(config_in(root), clock) for _ in range(count)]
    for member in members:
        await member.start()
    return members


async def sold(member: Player, key: str) -> Outcome | None:
    """Sell one under a key; None when nobody knows whether that worked."""
    try:
        return await member.transact(sent(adjust(-1), key))
    except Unavailable:
        return None


@pytest.mark.parametrize("step", STEPS)
async def test_the_next_one_goes_on_wherever_one_died(
    tmp_path: Path, doom: Doom, step: str
) -> None:
    clock = ManualClock()
    members = await opened(tmp_path, clock)
    first, second = members
    await first.transact(sent(count(100)))
    answered = {}
    doom.arm(step, 1)
    for number in range(_SOLD):
        key = f"sale-{number}"
        answer = await sold(members[0], key)
        if members[0].is_dead:
            assert answer is None
            await members.pop(0).bury()
            answer = await sold(members[0], key)
        assert answer is not None
        answered[key] = answer.sequence
        reader = members[-1]
        level = await reader.find_level(APPLE)
        assert level is not None
        assert level.on_hand == 100 - number - 1
    assert doom.deaths == {step: 1}
    records = await check_members(tmp_path, list(members))
    assert len(records) == 1 + _SOLD
    for key, sequence in answered.items():
        again = await second.transact(sent(adjust(-1), key))
        assert (again.sequence, again.replayed) == (sequence, True)
    for member in members:
        await member.bury()
    assert first not in members


@pytest.mark.parametrize("step", MENDING)
async def test_who_dies_while_it_mends_is_mended_too(tmp_path: Path, doom: Doom, step: str) -> None:
    clock = ManualClock()
    one, other, third = await opened(tmp_path, clock, 3)
    await one.transact(sent(count(100)))
    if step == "repair.unlink":
        for _ in range(2):
            await one.transact(sent(adjust(-1)))
    doom.arm("half a header" if step == "repair.unlink" else "half a line")
    assert await sold(one, "sale") is None
    doom.arm(step)
    assert await sold(other, "sale") is None
    await one.bury()
    await other.bury()
    answer = await sold(third, "sale")
    assert answer is not None
    assert sum(doom.deaths.values()) == 2
    records = await check_members(tmp_path, [third])
    assert answer.sequence == len(records)
    await third.bury()


@pytest.mark.parametrize("step", ["journal.fdatasync", "before the frontier"])
async def test_what_a_dead_one_decided_in_time_is_known_to_who_reads_when_it_is_over(
    tmp_path: Path, doom: Doom, step: str
) -> None:
    """Its line is on the disk, so it will count: then its reservation has not ended."""
    clock = ManualClock()
    first, second = await opened(tmp_path, clock)
    await first.transact(sent(count(10)))
    held = (await first.transact(sent(reserve(4, ttl_s=2)))).reply.reservation_id
    assert held is not None
    await second.find_level(APPLE)
    doom.arm(step)
    with pytest.raises(Unavailable):
        await first.transact(sent(ExtendReservation(held, 100)))
    await first.bury()
    clock.advance(3)
    level, reservation = await second.find_level(APPLE), await second.find_reservation(held)
    assert level is not None
    assert reservation is not None
    assert (level.reserved, reservation.status) == (4, "active")
    assert (await second.transact(sent(adjust(1)))).sequence == 4
    level = await second.find_level(APPLE)
    assert level is not None
    assert level.reserved == 4
    await second.bury()


async def test_a_member_that_ends_while_it_mends_writes_nothing_afterwards(
    tmp_path: Path, doom: Doom
) -> None:
    """Its thread is at the torn end: until that is done, nobody else gets the writer lock."""
    clock = ManualClock()
    one, other, third = await opened(tmp_path, clock, 3)
    await one.transact(sent(count(100)))
    doom.arm("half a line")
    assert await sold(one, "sale") is None
    await one.bury()
    held = doom.hold("repair.truncate.fsync")
    loop = asyncio.get_running_loop()
    mending = loop.create_task(sold(other, "sale"))
    assert await asyncio.to_thread(held.reached.wait, 60)
    ending = loop.create_task(other.bury())
    selling = loop.create_task(sold(third, "another"))
    await asyncio.sleep(0.05)
    assert not selling.done()
    held.go_on.set()
    await asyncio.wait([mending, ending, selling])
    assert selling.result() is not None
    for number in range(3):
        assert await sold(third, f"more-{number}") is not None
    await check_members(tmp_path, [third])
    await third.bury()
