"""Upkeep that dies at any step: whatever it left, the next start and the next pass make do."""

import asyncio
from pathlib import Path

import pytest

from surestock.engine.log.sealed import sealed_segments
from surestock.engine.log.turn import UpkeepRunning, turn
from surestock.journal.segment import segment_path
from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from tests.engine.log.shop import (
    check,
    engine_in,
    keep_up,
    log_config,
    open_shop,
    sell,
)


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


async def test_two_upkeeps_do_not_work_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    await open_shop(tmp_path, clock, orders=4)
    with turn(tmp_path / "index"), pytest.raises(UpkeepRunning):
        keep_up(tmp_path, clock)
    keep_up(tmp_path, clock)


async def test_a_segment_that_is_just_being_made_harms_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    sold = await open_shop(tmp_path, clock)
    last = sealed_segments(log_config(tmp_path))[-1].last
    assert last == 39
    stub = segment_path(tmp_path / "event-log", 43)
    for content in (b"", b'{"crc":"0a'):
        stub.write_bytes(content)
        for archive in (True, False):
            keep_up(tmp_path, clock, archive=archive)
        assert sealed_segments(log_config(tmp_path))[-1].last == 42
    await check(tmp_path, clock, sold)
