"""What upkeep takes out of memory and out of the log, and what stays to be found."""

from pathlib import Path

import pytest

from surestock.engine.log.sealed import sealed_segments
from surestock.inventory.commands import CommitReservation, ReleaseReservation
from surestock.inventory.refusals import RecordsDeleted, ReservationResolved
from surestock.inventory.unavailable import Unreadable
from surestock.kit.clock import ManualClock
from tests.engine.log.bench import count, reserve, sent
from tests.engine.log.shop import (
    DAY,
    KEY,
    check,
    engine_in,
    keep_up,
    log_config,
    open_shop,
    sell,
)


async def test_after_upkeep_memory_holds_what_is_current_and_no_more(tmp_path: Path) -> None:
    clock = ManualClock()
    async with engine_in(tmp_path, clock) as engine:
        await engine.transact(sent(count(100)))
        sold = await sell(engine, 1, 20)
        memory = engine._memory  # noqa: SLF001 - what it holds is the promise
        assert (len(memory.keys), len(memory.state.reservations)) == (20, 20)
        keep_up(tmp_path, clock)
        await engine.refresh()
        assert (len(memory.keys), len(memory.state.reservations)) == (1, 1)
        sold += await sell(engine, 21, 22)
        assert (len(memory.keys), len(memory.state.reservations)) == (3, 3)
        keep_up(tmp_path, clock)
        await engine.refresh()
        assert (len(memory.keys), len(memory.state.reservations)) == (1, 2)
        for number in (1, 9, 22):
            again = await engine.transact(sent(reserve(1), f"order-{number}"))
            assert (again.replayed, again.reply.reservation_id) == (True, sold[number - 1])


async def test_an_old_reservation_cannot_be_ended_twice(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        for command in (CommitReservation(sold[0]), ReleaseReservation(sold[1])):
            for _ in range(2):
                with pytest.raises(ReservationResolved) as refused:
                    await engine.transact(sent(command, f"again-{command}"))
                assert refused.value.reservation.status == "committed"


async def test_without_an_archive_segments_stay_for_the_life_of_their_keys(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    (tmp_path / "central").mkdir()
    checkpoint = tmp_path / "central" / "checkpoint.json"
    checkpoint.write_text('{"sequence":42,"oldestParked":8}')
    keep_up(tmp_path, clock, archive=False)
    async with engine_in(tmp_path, clock) as engine:
        sold += await sell(engine, 21, 30)
    assert keep_up(tmp_path, clock, archive=False).compacted == 0
    await check(tmp_path, clock, sold)
    clock.advance(DAY.total_seconds())
    async with engine_in(tmp_path, clock) as engine:
        await sell(engine, 31, 40)
    assert keep_up(tmp_path, clock, archive=False).compacted == 2, "up to the parked record"
    checkpoint.write_text('{"sequence":60}')
    assert keep_up(tmp_path, clock, archive=False).compacted > 2
    assert not (tmp_path / "archive").exists()
    async with engine_in(tmp_path, clock) as engine:
        level = await engine.find_level(KEY)
        assert level is not None
        assert (level.on_hand, level.reserved, level.version) == (60, 0, 82)
        assert await engine.find_reservation(sold[0]) is None
        first = sealed_segments(log_config(tmp_path))[0].first
        assert first > 8
        for ask in (engine.records(first - 2, 5), engine.history(KEY, 0, 5)):
            with pytest.raises(RecordsDeleted, match=f"after {first - 1}"):
                await ask
        assert (await engine.records(first - 1, 1))[0].sequence == first


async def test_a_key_is_free_again_when_its_time_is_over(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    clock.advance(DAY.total_seconds())
    async with engine_in(tmp_path, clock) as engine:
        again = await engine.transact(sent(reserve(1), "order-1"))
        assert not again.replayed
        assert again.reply.reservation_id not in sold
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        repeat = await engine.transact(sent(reserve(1), "order-1"))
        assert repeat.reply.reservation_id == again.reply.reservation_id


async def test_a_damaged_index_answers_nothing_until_it_is_made_again(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    for suffix in ("keys", "reservations"):
        path = min((tmp_path / "index").glob(f"*.{suffix}"))
        content = bytearray(path.read_bytes())
        content[4096 + 20] ^= 1
        path.write_bytes(content)
    async with engine_in(tmp_path, clock) as engine:
        for _ in range(2):
            with pytest.raises(Unreadable):
                await engine.transact(sent(reserve(1), "order-1"))
        with pytest.raises(Unreadable):
            await engine.find_reservation(sold[0])
        keep_up(tmp_path, clock)
        await engine.refresh()
        again = await engine.transact(sent(reserve(1), "order-1"))
        assert (again.replayed, again.reply.reservation_id) == (True, sold[0])
        assert (await engine.records(0, 100))[-1].sequence == 42, "nothing was done twice"
    await check(tmp_path, clock, sold)
