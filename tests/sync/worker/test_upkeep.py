"""When upkeep runs: when there may be something to do, once at a time, again when it failed."""

from pathlib import Path

import pytest

from surestock.journal.segment import segment_path
from surestock.kit.clock import ManualClock, SystemClock
from surestock.kit.files import make_directory
from surestock.snapshot import snapshot_path
from surestock.sync.keeper import Folders
from surestock.sync.upkeep import Upkeep, UpkeepFailed
from surestock.telemetry.log import make_log


class Round:
    """An upkeep whose work is a word of the test."""

    def __init__(self, data: Path, *segments: int) -> None:
        self.folders = Folders(data / "log", data / "archive", data / "snapshots", data / "central")
        make_directory(self.folders.event_log)
        make_directory(self.folders.snapshots)
        self.seal(*segments)
        self.clock = ManualClock()
        self.passed = 0
        self.ran = 0
        self.told = 0
        self.saved = 0
        self.failure: Exception | None = None
        self.lines: list[bytes] = []
        log = make_log(self.lines.append, SystemClock(), "info")
        self.upkeep = Upkeep(self._work, self.folders, lambda: self.passed, self.clock, log)

    def seal(self, *segments: int) -> None:
        for first in segments:
            segment_path(self.folders.event_log, first).touch()

    async def _work(self) -> None:
        assert self.saved > self.ran, "the checkpoint was not written before"
        self.ran += 1
        if self.failure is not None:
            raise self.failure
        snapshot_path(self.folders.snapshots, self.ran).touch()

    async def _save(self) -> None:
        self.saved += 1

    def _told(self) -> None:
        self.told += 1

    async def look(self) -> int:
        """Let it look; return how often it ran so far."""
        await self.upkeep.once(self._save, self._told)
        return self.ran


async def test_nothing_is_done_while_no_segment_is_sealed(tmp_path: Path) -> None:
    it = Round(tmp_path, 1)
    assert await it.look() == 0
    it.clock.advance(10_000)
    assert await it.look() == 0


async def test_a_sealed_segment_is_looked_after_once(tmp_path: Path) -> None:
    it = Round(tmp_path, 1, 11)
    assert await it.look() == 1
    assert await it.look() == 1
    it.seal(21)
    assert await it.look() == 2
    assert (it.told, it.upkeep.snapshots) == (2, 2)


async def test_a_segment_that_the_view_has_passed_meanwhile_may_go(tmp_path: Path) -> None:
    it = Round(tmp_path, 1, 11)
    it.passed = 9
    assert await it.look() == 1
    it.passed = 10
    assert await it.look() == 2
    it.passed = 15
    assert await it.look() == 2


async def test_after_ten_minutes_it_looks_again_for_time_itself_gives_it_work(
    tmp_path: Path,
) -> None:
    it = Round(tmp_path, 1, 11)
    await it.look()
    it.clock.advance(599)
    assert await it.look() == 1
    it.clock.advance(1)
    assert await it.look() == 2


@pytest.mark.parametrize("failure", [UpkeepFailed("no room"), OSError("no room")])
async def test_upkeep_that_failed_is_told_in_the_log_and_tried_again(
    tmp_path: Path, failure: Exception
) -> None:
    it = Round(tmp_path, 1, 11)
    it.failure = failure
    assert await it.look() == 1
    assert b"no room" in it.lines[0]
    assert it.told == 1, "what it did before it failed stands"
    it.failure = None
    assert await it.look() == 2
    assert it.told == 2
