"""Starts from a snapshot, an older one or none: the state is the log's, or it is refused."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from surestock.engine.log.recovery import Replay, decode_records
from surestock.engine.state import State
from surestock.idempotency import NoKeys
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.scan import Scan
from surestock.journal.segment import all_segments
from surestock.kit.clock import ManualClock
from surestock.snapshot import newest_snapshot, snapshot_path, snapshot_sequences
from tests.engine.log.shop import DERIVED, check, engine_in, keep_up, open_shop, sell


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
