"""Metrics of real processes that are killed by force: what was told once is never taken back."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surestock.kit.clock import SystemClock
from tests.telemetry.members import Member
from tests.tidy.repository import ROOT

_LIVES = 10


@contextmanager
def counting(folder: Path, slot: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.telemetry.counting", str(folder), str(slot)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def last_told(process: subprocess.Popen[str], lines: int) -> tuple[int, int]:
    """Return the first sum that a process told, and the last one before it was killed."""
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(lines)]
    process.kill()
    rest = process.stdout.read().splitlines(keepends=True)
    told += [int(line) for line in rest if line.endswith("\n")]
    assert told == sorted(told)
    return told[0], told[-1]


async def test_a_process_that_is_killed_while_it_writes_takes_nothing_back(tmp_path: Path) -> None:
    rng = random.Random(13)
    reader = Member(tmp_path, 0, SystemClock())
    reader.metrics.rate_limited = 1000
    seen = (await reader.shared.counters())["rateLimited"]
    lives = 0
    for _ in range(_LIVES):
        with counting(tmp_path, 1) as process:
            first, last = last_told(process, rng.randint(2, 60))
        assert first > seen
        now = (await reader.shared.counters())["rateLimited"]
        # One more may have been written, and not told.
        assert last <= now <= last + 1
        seen = now
        lives += last - first + 1
    assert lives > 2 * _LIVES
    assert lives <= seen - 1000 <= lives + _LIVES
    assert reader.told() == []
