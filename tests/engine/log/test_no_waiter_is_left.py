"""Whatever goes wrong, every command gets an answer, and the engine can be closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from surestock.engine.log import LogObserver
from surestock.inventory.unavailable import ReadOnly, ShuttingDown
from surestock.kit.clock import ManualClock
from tests.engine.log.bench import Disk, adjust, count, engine_on, reserve, sent
from tests.engine.log.test_failing_disk import FULL
from tests.engine.log.test_group_commit import answer_of, turns
from tests.journal.logs import failing

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


class Broken(LogObserver):
    """An observer with a defect: it raises once it is ``armed``."""

    armed = False

    def committed(self, records: int, seconds: float) -> None:
        """Raise."""
        self._raise(f"{records} records in {seconds} s")

    def failed(self, records: int) -> None:
        """Raise."""
        self._raise(f"{records} commands")

    def _raise(self, what: str) -> None:
        if self.armed:
            raise ZeroDivisionError(what)


@pytest.fixture
async def defects() -> AsyncIterator[list[BaseException]]:
    """What the event loop was told of exceptions that nobody caught."""
    told: list[BaseException] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    yield told
    loop.set_exception_handler(None)


async def test_a_defect_after_a_commit_stops_the_engine_and_answers_what_had_gathered(
    tmp_path: Path, defects: list[BaseException]
) -> None:
    disk, observer = Disk(), Broken()
    async with engine_on(tmp_path, observer=observer) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        observer.armed = True
        disk.hold()
        durable = tasks.create_task(engine.transact(sent(adjust(-1), "k")))
        await turns()
        gathered = tasks.create_task(answer_of(engine.transact(sent(adjust(-2)))))
        refused = tasks.create_task(answer_of(engine.transact(sent(reserve(99), "r"))))
        await turns()
        disk.let_go()
        assert (await durable).sequence == 2
        assert isinstance(await gathered, ReadOnly)
        assert isinstance(await refused, ReadOnly)
        assert isinstance(await engine.failed(), ZeroDivisionError)
        assert engine.status().queue_depth == 0
    assert [type(defect) for defect in defects] == [ZeroDivisionError]


async def test_a_defect_while_failing_does_not_hold_up_the_end(
    tmp_path: Path, defects: list[BaseException]
) -> None:
    observer = Broken()
    async with engine_on(tmp_path, observer=observer) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        observer.armed = True
        with failing("journal.write", FULL, times=99):
            answer = tasks.create_task(answer_of(engine.transact(sent(adjust(-1)))))
            await asyncio.sleep(0)
            await engine.close()
        assert isinstance(await answer, ReadOnly)
    assert [type(defect) for defect in defects] == [ZeroDivisionError]


async def test_a_write_that_fails_while_closing_is_answered(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        with failing("journal.write", FULL, times=99):
            answers = [
                tasks.create_task(answer_of(engine.transact(sent(adjust(-1))))) for _ in range(3)
            ]
            await asyncio.sleep(0)
            await engine.close()
        assert {type(await answer) for answer in answers} == {ReadOnly}


async def test_what_comes_while_closing_is_turned_away_and_what_came_before_is_kept(
    tmp_path: Path,
) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        disk.hold()
        kept = tasks.create_task(engine.transact(sent(adjust(-1))))
        await turns()
        closing = tasks.create_task(engine.close())
        await turns()
        assert isinstance(await answer_of(engine.transact(sent(adjust(-2)))), ShuttingDown)
        disk.let_go()
        assert (await kept).sequence == 2
        await closing
        assert isinstance(await answer_of(engine.transact(sent(adjust(-2)))), ShuttingDown)


class SetBack(ManualClock):
    """A clock that is set back by an hour, each time that it was looked at once it is ``armed``."""

    armed = False

    def now(self) -> datetime:
        """Return the time as it was before it is set back."""
        now = super().now()
        if self.armed:
            self._now -= timedelta(hours=1)
        return now


async def test_a_clock_that_is_set_back_does_not_break_the_sweep(tmp_path: Path) -> None:
    clock = SetBack()
    async with engine_on(tmp_path, clock) as engine:
        await engine.transact(sent(count(10)))
        await engine.transact(sent(reserve(4, ttl_s=60)))
        clock.advance(60)
        clock.armed = True
        await engine.expire_due()
        clock.armed = False
        clock.advance(86_400)
        assert await engine.expire_due() == 1
        assert [len(record.events) for record in await engine.records(0, 10)] == [1, 1, 1]
