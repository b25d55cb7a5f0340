"""A process that is started again when it dies, later each time, and never after it was to end."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

import msgspec
import pytest

from surestock.kit.clock import ManualClock
from surestock.runtime.child import Child
from surestock.telemetry.log import make_log


class Mortal(Child):
    """Runs ``program``, which ends when its stdin does; ``lived_s`` is how old each one becomes."""

    def __init__(self, program: str, lived_s: float = 0.0) -> None:
        self.lines: list[bytes] = []
        self.starts = 0
        self.started = asyncio.Event()
        self._program = program
        self._lived_s = lived_s
        self.clock = ManualClock()
        super().__init__("a process", self.clock, make_log(self.lines.append, self.clock, "info"))

    async def _start(self) -> Process:
        self.starts += 1
        self.started.set()
        if not self._program:
            raise FileNotFoundError("no such program")
        return await asyncio.create_subprocess_exec(sys.executable, "-c", self._program, stdin=PIPE)

    def _tell_to_end(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def _attend(self, process: Process) -> None:
        self.clock.advance(self._lived_s)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let every pause be over at once; return how long they should have been."""
    wanted: list[float] = []
    timeout = asyncio.timeout

    def hurried(delay_s: float) -> asyncio.Timeout:
        wanted.append(delay_s)
        return timeout(0)

    monkeypatch.setattr("surestock.runtime.child.asyncio.timeout", hurried)
    return wanted


async def run_for(child: Mortal, starts: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.run())
        while child.starts < starts:
            child.started.clear()
            await child.started.wait()
        child.begin_end()


async def test_the_pauses_grow_up_to_a_bound(pauses: list[float]) -> None:
    await run_for(Mortal(""), 9)
    assert pauses[:8] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


async def test_the_pause_is_short_again_after_one_has_lived_for_a_while(
    pauses: list[float],
) -> None:
    await run_for(Mortal("pass", lived_s=11), 4)
    assert pauses[:3] == [0.1, 0.1, 0.1]


@pytest.mark.usefixtures("pauses")
async def test_it_is_told_how_each_one_ended() -> None:
    child = Mortal("raise SystemExit(7)")
    await run_for(child, 2)
    assert msgspec.json.decode(child.lines[0])["code"] == 7
    lost = Mortal("")
    await run_for(lost, 2)
    assert msgspec.json.decode(lost.lines[0])["why"] == "no such program"


async def test_it_ends_at_once_when_it_waits_to_be_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("surestock.runtime.child._FIRST_PAUSE_S", 3600.0)
    monkeypatch.setattr("surestock.runtime.child._LONGEST_PAUSE_S", 3600.0)
    child = Mortal("")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.run())
        await child.started.wait()
        await child.end(3600)
    assert child.starts == 1


async def test_one_that_ends_when_it_is_told_to_is_not_started_again() -> None:
    child = Mortal("import sys; sys.stdin.read()")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.run())
        await child.started.wait()
        await child.end(60)
    assert (child.starts, child.lines) == (1, [])


async def test_one_that_does_not_end_is_killed() -> None:
    child = Mortal("import time; time.sleep(600)")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.run())
        await child.started.wait()
        await child.end(0.1)
    assert [msgspec.json.decode(line)["event"] for line in child.lines] == [
        "a process does not end and is killed"
    ]


async def test_one_that_never_ran_has_ended() -> None:
    child = Mortal("")
    assert await child.has_ended(0)
    await child.end(0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.run())
    assert child.starts == 0
