"""A member that was asleep while others went on, sealed, archived: then it is level with them."""

import asyncio
from pathlib import Path

import pytest

from surestock.inventory.commands import CommitReservation
from surestock.journal.segment import list_archived, list_segments
from surestock.kit.clock import ManualClock
from tests.engine.log.bench import adjust, count, reserve, sent
from tests.engine.shared.house import Player, config_in, keep_up
from tests.engine.shared.verdict import check_members

APPLE = ("s1", "apple")


@pytest.mark.parametrize("is_refreshed", [True, False], ids=["refreshed", "as it was"])
@pytest.mark.parametrize("applied", range(1, 8))
async def test_who_slept_in_the_middle_of_a_segment_tells_each_record_once(
    tmp_path: Path,
    applied: int,
    is_refreshed: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    """The rest of the segment that it had followed stands in the archive by then."""
    clock, config = ManualClock(), config_in(tmp_path)
    one, other = Player(config, clock), Player(config, clock)
    await one.start()
    await other.start()
    await one.transact(sent(count(100), "first"))
    for number in range(1, applied):
        await one.transact(sent(adjust(-1), f"early-{number}"))
    await other.find_level(APPLE)
    other.awake.clear()
    for number in range(20):
        held = (await one.transact(sent(reserve(1, ttl_s=5), f"held-{number}"))).reply
        assert held.reservation_id is not None
        if number % 2:
            await one.transact(sent(CommitReservation(held.reservation_id)))
        if number % 5 == 4:
            await asyncio.to_thread(keep_up, config, clock)
            await one.refresh()
    assert not (config.directory / "00000000000000000001.ndjson").exists()
    assert other.status().sequence == one.status().sequence
    other.awake.set()
    if is_refreshed:
        refreshing = asyncio.get_running_loop().create_task(other.refresh())
        sale = await other.transact(sent(adjust(-1)))
        await refreshing
    else:
        sale = await other.transact(sent(adjust(-1)))
    records = await check_members(tmp_path, [one, other])
    assert len(records) == sale.sequence == applied + 31
    assert await other.history(APPLE, 0, 100) == await one.history(APPLE, 0, 100)
    again = await other.transact(sent(reserve(1, ttl_s=5), "held-3"))
    assert again.replayed
    assert list_archived(config.archive)
    assert len(list_segments(config.directory)) < 8
    await one.bury()
    await other.bury()


async def test_who_waits_for_more_is_woken_by_what_others_commit(tmp_path: Path) -> None:
    clock, config = ManualClock(), config_in(tmp_path)
    one, other = Player(config, clock), Player(config, clock)
    await one.start()
    await other.start()
    woken = 0
    for number in range(10):
        waiting = asyncio.get_running_loop().create_task(other.committed_beyond(number))
        await asyncio.sleep(0)
        assert not waiting.done()
        writer = (one, other)[number % 2]
        sequence = (await writer.transact(sent(count(number + 1)))).sequence
        async with asyncio.timeout(60):
            await waiting
        assert [it.sequence for it in await other.records(number, 10)] == [sequence]
        woken += 1
    assert woken == 10
    await one.bury()
    await other.bury()
