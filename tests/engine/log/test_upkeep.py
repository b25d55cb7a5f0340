"""Upkeep and starts: whatever was indexed, archived or deleted, the state is the log's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.log.recovery import Replay, decode_records
from surestock.engine.log.turn import UpkeepRunning, turn
from surestock.engine.log.upkeep import Done, UpkeepConfig, upkeep
from surestock.engine.state import State
from surestock.idempotency import NoKeys
from surestock.inventory.commands import CommitReservation, ReleaseReservation
from surestock.inventory.model import StockKey
from surestock.inventory.refusals import ReservationResolved
from surestock.journal.append import AppendConfig
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.scan import Scan
from surestock.journal.segment import all_segments
from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.snapshot import newest_snapshot, snapshot_path, snapshot_sequences
from tests.engine.log.bench import count, reserve, sent

KEY: StockKey = ("s1", "apple")
DAY = timedelta(hours=24)
DERIVED = ("snapshots", "index", "central")


def log_config(root: Path) -> LogConfig:
    return LogConfig(root / "event-log", AppendConfig(segment_records=3), DAY)


def keep_up(root: Path, clock: ManualClock, *, archive: bool = True) -> Done:
    return upkeep(UpkeepConfig(log_config(root), 6, archive), clock.now())


@asynccontextmanager
async def engine_in(root: Path, clock: ManualClock) -> AsyncIterator[LogEngine]:
    engine = LogEngine(log_config(root), clock, IdSource())
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def sell(engine: LogEngine, first: int, last: int) -> list[str]:
    """Reserve a unit under the keys ``first`` to ``last``, commit each; return their ids."""
    sold = []
    for number in range(first, last + 1):
        held = await engine.transact(sent(reserve(1), f"order-{number}"))
        assert held.reply.reservation_id is not None
        await engine.transact(sent(CommitReservation(held.reply.reservation_id)))
        sold.append(held.reply.reservation_id)
    return sold


async def open_shop(root: Path, clock: ManualClock, orders: int = 20) -> list[str]:
    """A log of 1 + 2 * ``orders`` records, and one more that is reserved and stays so."""
    async with engine_in(root, clock) as engine:
        await engine.transact(sent(count(100), "opening"))
        sold = await sell(engine, 1, orders)
        await engine.transact(sent(reserve(2, ttl_s=60), "kept"))
    return sold


def folded(root: Path) -> State:
    """The state by the whole log, its archive included, and by nothing else."""
    state = State()
    fold = Replay(state, NoKeys())
    for place, commit in Scan(root / "event-log", root / "archive"):
        fold.line(place, commit)
    return state


async def check(root: Path, clock: ManualClock, sold: list[str]) -> None:
    """Start, and compare everything that can be asked with the fold of the whole log."""
    state = folded(root)
    async with engine_in(root, clock) as engine:
        assert await engine.find_level(KEY) == state.level(KEY)
        for reservation_id in sold:
            assert await engine.find_reservation(reservation_id) == state.reservation(
                reservation_id
            )
        for number in (1, len(sold) // 2, len(sold)):
            again = await engine.transact(sent(reserve(1), f"order-{number}"))
            assert (again.replayed, again.reply.reservation_id) == (True, sold[number - 1])
        records = await engine.records(0, 1000)
        assert [it.sequence for it in records] == list(range(1, len(records) + 1))
        assert (await engine.records(7, 2))[0].sequence == 8
        level = state.level(KEY)
        assert level is not None
        assert (await engine.history(KEY, 0, 1000))[-1].version == level.version


async def test_a_start_with_a_snapshot_equals_one_without(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    done = keep_up(tmp_path, clock)
    assert (done.indexed, done.snapshot, done.compacted) == (13, 39, 0)
    await check(tmp_path, clock, sold)
    async with engine_in(tmp_path, clock) as engine:
        sold += await sell(engine, 21, 30)
    done = keep_up(tmp_path, clock)
    assert (done.snapshot, done.compacted) == (60, 13)
    plain = [it.first for it in all_segments(tmp_path / "event-log", None)]
    assert plain == [40, 43, 46, 49, 52, 55, 58, 61]
    await check(tmp_path, clock, sold)


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


@pytest.mark.parametrize("gone", [("snapshots",), ("index",), ("central",), DERIVED])
async def test_whatever_is_derived_may_be_deleted(tmp_path: Path, gone: tuple[str, ...]) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        sold += await sell(engine, 21, 30)
    keep_up(tmp_path, clock)
    for name in gone:
        for path in (tmp_path / name).glob("*"):
            path.unlink()
    await check(tmp_path, clock, sold)
    keep_up(tmp_path, clock)
    await check(tmp_path, clock, sold)


@pytest.mark.parametrize("damaged", [1, 2])
async def test_damaged_snapshots_are_passed_over(tmp_path: Path, damaged: int) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        sold += await sell(engine, 21, 30)
    keep_up(tmp_path, clock)
    for sequence in snapshot_sequences(tmp_path / "snapshots")[-damaged:]:
        path = snapshot_path(tmp_path / "snapshots", sequence)
        path.write_bytes(path.read_bytes().replace(b'"reserved":', b'"reserved": '))
    await check(tmp_path, clock, sold)


async def test_a_record_that_comes_twice_across_a_snapshot_changes_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock, orders=4)
    keep_up(tmp_path, clock)
    snapshot = newest_snapshot(tmp_path / "snapshots")
    assert snapshot is not None
    _, commit = next(iter(Scan(tmp_path / "event-log")))
    opening = decode_records(commit.records)[0]
    state = State()
    fold = Replay(state, NoKeys())
    fold.begin_at(snapshot)
    fold.record(replace(opening, sequence=snapshot.sequence + 1))
    assert fold.sequence == snapshot.sequence + 1
    assert list(state.in_order()) == snapshot.levels


async def test_what_a_snapshot_knows_and_the_log_lost_is_damage(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock, orders=4)
    keep_up(tmp_path, clock)
    segments = sorted((tmp_path / "event-log").glob("*.ndjson"))
    segments[-1].unlink()
    last = segments[-2]
    whole = last.read_bytes()
    last.write_bytes(whole[: whole.rstrip(b"\n").rfind(b"\n") + 1])
    with pytest.raises(JournalError, match="record 9"):
        async with engine_in(tmp_path, clock):
            pass
    last.write_bytes(whole[:-20])
    with pytest.raises(JournalError):
        async with engine_in(tmp_path, clock):
            pass


async def test_what_the_checkpoint_knows_is_no_torn_tail(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock, orders=4)
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "checkpoint.json").write_text('{"sequence":10}')
    last = max((tmp_path / "event-log").glob("*.ndjson"))
    last.write_bytes(last.read_bytes()[:-3])
    with pytest.raises(JournalDamaged, match="no torn tail"):
        async with engine_in(tmp_path, clock):
            pass
    (tmp_path / "central" / "checkpoint.json").write_text('{"sequence":9}')
    async with engine_in(tmp_path, clock) as engine:
        assert engine.status().sequence == 9


async def test_a_log_that_reaches_back_to_nothing_is_refused(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock)
    keep_up(tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        await sell(engine, 21, 30)
    keep_up(tmp_path, clock)
    for path in (*(tmp_path / "snapshots").glob("*"), *(tmp_path / "archive").glob("*")):
        path.unlink()
    with pytest.raises(JournalError, match="records 1 to 39"):
        async with engine_in(tmp_path, clock):
            pass


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


async def test_two_upkeeps_do_not_work_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock, orders=4)
    with turn(tmp_path / "index", wait=True), pytest.raises(UpkeepRunning):
        keep_up(tmp_path, clock)
    keep_up(tmp_path, clock)


class Killed(BaseException):
    """What stands for a death at a failpoint."""


STEPS = (
    "run.write", "run.fsync", "run.rename", "run.unlink", "snapshot.write", "snapshot.fsync",
    "snapshot.rename", "snapshot.unlink", "archive.write", "archive.fsync", "archive.rename",
    "compact.unlink", "directory.fsync",
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
async def test_a_death_at_any_step_costs_nothing(tmp_path: Path, step: str) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    deaths = 0
    for orders in range(2, 5):
        left = [0]

        def die(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        # The first time at once, then a step later each time, until upkeep gets through.
        for spared in range(200):
            left[0] = spared
            failpoints.arm(step, die)
            try:
                await asyncio.to_thread(keep_up, tmp_path, clock)
                break
            except Killed:
                deaths += 1
            finally:
                failpoints.disarm_all()
            if spared < 2:
                await check(tmp_path, clock, sold)
        else:
            pytest.fail("upkeep never got through")
        await check(tmp_path, clock, sold)
        async with engine_in(tmp_path, clock) as engine:
            sold += await sell(engine, 10 * orders + 1, 10 * orders + 10)
    assert deaths
