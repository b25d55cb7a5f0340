"""Files that are lost, dropped or damaged while the engine runs: nothing is done twice for it."""

from pathlib import Path

import pytest

from surestock.engine.log.upkeep import UpkeepConfig, upkeep
from surestock.inventory.commands import CommitReservation
from surestock.inventory.refusals import RecordsDeleted
from surestock.inventory.unavailable import Unreadable
from surestock.kit.clock import ManualClock
from surestock.snapshot import snapshot_path, snapshot_sequences
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


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 + 20] ^= 1
    path.write_bytes(content)


async def test_a_damaged_index_is_asked_on_until_another_has_its_place(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        for suffix in ("keys", "reservations"):
            spoil(min((tmp_path / "index").glob(f"*.{suffix}")))
        for _ in range(3):
            with pytest.raises(Unreadable):
                await engine.transact(sent(reserve(1), "order-1"))
            with pytest.raises(Unreadable):
                await engine.transact(sent(CommitReservation(sold[0])))
            await engine.refresh()  # as when an upkeep ends that had looked before
        keep_up(tmp_path, clock)
        await engine.refresh()
        again = await engine.transact(sent(reserve(1), "order-1"))
        assert (again.replayed, again.reply.reservation_id) == (True, sold[0])
    await check(tmp_path, clock, sold)


async def test_a_reservation_whose_end_cannot_be_found_is_not_taken_for_active(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with engine_in(tmp_path, clock) as engine:
        await engine.transact(sent(count(100)))
        held = await engine.transact(sent(reserve(5)))
        assert held.reply.reservation_id is not None
        for number in range(4):
            await engine.transact(sent(count(100 + number)))
        await engine.transact(sent(CommitReservation(held.reply.reservation_id)))
        await engine.transact(sent(count(90)))
        await engine.transact(sent(count(91)))
        await engine.transact(sent(count(92)))
        upkeep(UpkeepConfig(log_config(tmp_path), 10**6), clock.now())
        await engine.refresh()
    runs = sorted((tmp_path / "index").glob("*.reservations"))
    assert len(runs) == 3
    async with engine_in(tmp_path, clock) as engine:
        await engine.refresh()
        assert await engine.find_reservation(held.reply.reservation_id)
        old = engine._memory.old  # noqa: SLF001 - what it would say without the run of the end
        runs[-1].unlink()
        old._reservations.refresh(lambda _run: False)  # noqa: SLF001
        with pytest.raises(Unreadable):
            await engine.find_reservation(held.reply.reservation_id)
        with pytest.raises(Unreadable):
            await engine.transact(sent(CommitReservation(held.reply.reservation_id)))


async def test_memory_is_let_go_of_though_keys_were_dropped_before_it_was_looked(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with engine_in(tmp_path, clock) as engine:
        await engine.transact(sent(count(1000)))
        for day in range(3):
            await sell(engine, 100 * day + 1, 100 * day + 10)
            keep_up(tmp_path, clock)
            clock.advance(2 * DAY.total_seconds())
        keep_up(tmp_path, clock)
        await engine.refresh()
        memory = engine._memory  # noqa: SLF001 - what it holds is the promise
        assert len(memory.state.reservations) <= 2
        assert memory.index.begins_at > 55
        await sell(engine, 901, 905)
        keep_up(tmp_path, clock)
        await engine.refresh()
        assert len(memory.state.reservations) <= 2


async def test_where_no_archive_is_kept_what_was_deleted_is_said_to_be(tmp_path: Path) -> None:
    clock = ManualClock()
    async with engine_in(tmp_path, clock) as engine:
        (tmp_path / "central").mkdir()
        (tmp_path / "central" / "checkpoint.json").write_text('{"sequence":1000000}')
        await engine.transact(sent(count(1000)))
        held = await engine.transact(sent(reserve(5)))
        assert held.reply.reservation_id is not None
        for day in range(4):
            await sell(engine, 100 * day + 1, 100 * day + 10)
            keep_up(tmp_path, clock, archive=day < 1)
            await engine.refresh()
            clock.advance(2 * DAY.total_seconds())
        await engine.transact(sent(CommitReservation(held.reply.reservation_id)))
        await sell(engine, 901, 910)
        keep_up(tmp_path, clock, archive=False)
        await engine.refresh()
        assert not list((tmp_path / "archive").glob("*.gz")), "the log has no gap"
        with pytest.raises(RecordsDeleted):
            await engine.records(0, 5)
        with pytest.raises(RecordsDeleted):
            await engine.history(KEY, 0, 5)
        assert await engine.find_reservation(held.reply.reservation_id) is None
        oldest = min((tmp_path / "event-log").glob("*.ndjson"))
        for run in (tmp_path / "index").glob("*.reservations"):
            assert run.name[21:41] >= oldest.name[:20], "nothing is kept of what was deleted"


async def test_a_gap_among_the_archived_is_said_to_be_one(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        await sell(engine, 21, 30)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        await sell(engine, 31, 32)
        await engine.refresh()
        archived = sorted((tmp_path / "archive").glob("*.gz"))
        archived[3].unlink()
        with pytest.raises(RecordsDeleted, match="after 12"):
            await engine.records(0, 100)
        assert len(await engine.records(12, 5)) == 5


async def test_a_damaged_snapshot_is_replaced_and_never_kept_for_a_sound_one(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    for first in (21, 31, 41):
        async with engine_in(tmp_path, clock) as engine:
            sold += await sell(engine, first, first + 9)
        newest = snapshot_path(
            tmp_path / "snapshots", snapshot_sequences(tmp_path / "snapshots")[-1]
        )
        newest.write_bytes(newest.read_bytes()[:-30])
        keep_up(tmp_path, clock)
        assert not newest.exists()
        await check(tmp_path, clock, sold)
