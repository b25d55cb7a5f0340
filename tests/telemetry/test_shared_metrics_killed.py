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
_LEAST = 3


@contextmanager
def counting(folder: Path, slot: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.telemetry.counting", str(folder), str(slot)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def killed(process: subprocess.Popen[str], first: int) -> list[int]:
    """Kill the process; return all the sums that it told, of which ``first`` was read before.

    However slow it is, it tells some before it dies.
    """
    assert process.stdout is not None
    begun = [process.stdout.readline() for _ in range(_LEAST - 1)]
    process.kill()
    rest = [*begun, *process.stdout.read().splitlines(keepends=True)]
    told = [first, *(int(line) for line in rest if line.endswith("\n"))]
    assert told == sorted(told)
    return told


async def test_a_process_that_is_killed_while_it_writes_takes_nothing_back(tmp_path: Path) -> None:
    rng = random.Random(13)
    reader = Member(tmp_path, 0, SystemClock())
    reader.metrics.rate_limited = 1000

    async def read() -> int:
        return (await reader.shared.counters())["rateLimited"]

    seen, counted = await read(), 0
    for _ in range(_LIVES):
        with counting(tmp_path, 1) as process:
            assert process.stdout is not None
            first = int(process.stdout.readline())
            assert first > seen
            # Meanwhile it writes, so that these are read while they are written.
            sums = [await read() for _ in range(rng.randint(2, 40))]
            assert sums == sorted(sums)
            last = killed(process, first)[-1]
        seen = await read()
        # One more may have been written, and not told.
        assert max(last, sums[-1]) <= seen <= last + 1
        counted += last - first + 1
    assert counted >= _LEAST * _LIVES
    assert counted <= seen - 1000 <= counted + _LIVES
    assert reader.told() == []
