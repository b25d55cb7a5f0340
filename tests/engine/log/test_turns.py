"""Turns at a shared log: begun when somebody waits, ended when nobody is in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest

from surestock.engine.log.core import WriteCore
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.gate import Gate
from surestock.engine.log.shared.log import SharedLog
from surestock.engine.log.shared.turns import Turns
from surestock.inventory.unavailable import Overloaded, ReadOnly, ShuttingDown
from surestock.journal.errors import NoRoom
from surestock.journal.frontier_page import FrontierPage
from surestock.journal.position import LogPosition
from surestock.journal.writer_lock import WriterLock
from surestock.kit.clock import ManualClock
from surestock.telemetry.locks import LockMetrics

HERE, THERE = LogPosition(3, 1, 300, 4, "0badcafe"), LogPosition(9, 1, 900, 10, "ffffffff")


class Table:
    """Turns at a log that is fake, but its lock and its page; ``told`` is what was done to it."""

    def __init__(self, root: Path) -> None:
        self.told: list[str] = []
        self.page, self.lock = FrontierPage(root), WriterLock(root)
        self.other = WriterLock(root)
        self.clock, self.metrics = ManualClock(), LockMetrics()
        self.health = self.appender = self
        self.sequence = 3
        self.where = HERE
        self.why_not: Exception | None = None
        self.turns = Turns(
            cast("WriteCore", self),
            cast("Following", _Following(self)),
            self.clock,
            self.metrics,
        )
        self.turns.start(cast("SharedLog", self))

    def begin(self, applied: LogPosition) -> LogPosition:
        assert not self.other.try_take()
        if self.why_not is not None:
            raise self.why_not
        return applied

    def check(self) -> None:
        if self.why_not is not None:
            raise ReadOnly

    def failed(self, error: BaseException) -> None:
        self.told.append(type(error).__name__)

    async def drained(self) -> None:
        assert not self.other.try_take()
        self.told.append("drained")

    def rest(self) -> None:
        self.told.append("rest")

    def refuse(self) -> None:
        self.told.append("refuse")

    def position(self, _sequence: int) -> LogPosition:
        return THERE


class _Following:
    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def position(self) -> LogPosition:
        return self._table.where

    async def begin(self, _found: LogPosition) -> None:
        self._table.told.append("begin")

    def end(self, position: LogPosition) -> None:
        self._table.where = position


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[Table]:
    made = Table(tmp_path)
    running = asyncio.get_running_loop().create_task(made.turns.run())
    yield made
    running.cancel()
    await asyncio.wait([running])
    for one in (made.page, made.lock, made.other):
        one.close()


async def until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110 - what happens here sets no event
        await asyncio.sleep(0.001)


async def test_a_turn_has_the_lock_from_before_it_begins_until_all_is_written(
    table: Table,
) -> None:
    async with table.turns.turn():
        assert table.told == ["begin"]
        assert not table.other.try_take()
    await until(lambda: "rest" in table.told)
    assert table.told == ["begin", "drained", "rest"]
    await until(table.other.try_take)
    assert table.where == THERE
    assert table.metrics.turns == 1


async def test_those_who_wait_together_are_let_in_together(table: Table) -> None:
    inside = 0
    most = 0

    async def work() -> None:
        nonlocal inside, most
        async with table.turns.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert most == 10
    assert table.metrics.turns == 1


async def test_while_another_process_writes_one_waits_and_says_so(table: Table) -> None:
    assert table.other.try_take()
    table.clock.advance(7)
    entering = asyncio.get_running_loop().create_task(table.turns.passed())
    await until(lambda: table.page.wanted_at() == 7)
    assert table.told == []
    table.other.release()
    await entering
    assert table.told[0] == "begin"


async def test_a_turn_that_could_not_begin_lets_nobody_in_and_stays_where_it_was(
    table: Table,
) -> None:
    table.why_not = NoRoom("a torn tail")
    with pytest.raises(ReadOnly):
        async with table.turns.turn(probing=True):
            pytest.fail("let in")
    await until(table.other.try_take)
    assert table.told == ["NoRoom", "drained", "rest"]
    assert table.where == HERE


async def test_only_a_probe_may_begin_a_turn_where_the_log_is_known_not_to_be_written(
    table: Table,
) -> None:
    table.why_not = NoRoom("a torn tail")
    with pytest.raises(ReadOnly):
        async with table.turns.turn():
            pytest.fail("let in")
    assert table.metrics.turns == 0


async def test_one_whose_share_is_over_lets_nobody_else_in(table: Table) -> None:
    table.clock.advance(1)
    async with table.turns.turn():
        table.clock.advance(1)
        table.page.want(table.clock.monotonic())
        async with table.turns.turn():
            pass
        late = asyncio.get_running_loop().create_task(table.turns.passed())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not late.done()
    await late
    assert table.metrics.turns == 2


async def test_an_end_refuses_who_waits_and_whoever_comes(tmp_path: Path) -> None:
    table = Table(tmp_path)
    assert table.other.try_take()
    running = asyncio.get_running_loop().create_task(table.turns.run())
    waiting = asyncio.get_running_loop().create_task(table.turns.passed())
    await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running, waiting])
    assert isinstance(waiting.exception(), ShuttingDown)
    with pytest.raises(ShuttingDown):
        await table.turns.passed()


async def test_whoever_waits_at_a_gate_too_long_is_told_so_and_counts_no_more() -> None:
    gate = Gate(0.001)
    with pytest.raises(Overloaded):
        await gate.enter()
    assert gate.waiting == 0
    gate.open()
    assert not gate.is_open


async def test_a_gate_is_shut_by_the_last_who_leaves() -> None:
    gate = Gate(10)
    entering = [asyncio.get_running_loop().create_task(gate.enter()) for _ in range(2)]
    await gate.wanted.wait()
    await asyncio.sleep(0)
    gate.open()
    await asyncio.wait(entering)
    open_after = []
    for _ in range(2):
        gate.leave()
        open_after.append(gate.is_open)
    assert open_after == [True, False]
    await gate.emptied()
