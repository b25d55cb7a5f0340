"""Questions to the database: each answered once, asked again when a connection was lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from surestock.database import DatabaseConfig, DatabaseDown, TryAgain
from surestock.engine.postgres import PostgresObserver
from surestock.engine.postgres import reader as reader_module
from surestock.engine.postgres.health import Health
from surestock.engine.postgres.reader import Reader
from surestock.inventory.unavailable import (
    CircuitOpen,
    DatabaseUnavailable,
    Overloaded,
    ShuttingDown,
)
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig

_LANES = 2
_NEVER_S = 60.0


class PaperLanes:
    """Connections that are only a number; ``faults`` are raised one after the other."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.made = 0
        self.used = 0
        self.closed = 0

    def __call__(self, database: DatabaseConfig, opened: Callable[[], None]) -> "PaperLanes":
        del database, opened
        self.made += 1
        return self

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Any]:
        self.used += 1
        if self.faults:
            raise self.faults.pop(0)
        yield self.used

    async def close(self) -> None:
        self.closed += 1


class Questions:
    """Questions that wait until they may be answered; ``most`` were asked at the same time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = self.most = 0
        self.may_go = asyncio.Event()

    def named(self, name: str) -> Callable[[Any], Any]:
        async def work(connection: Any) -> str:
            del connection
            self.asked.append(name)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            try:
                await self.may_go.wait()
            finally:
                self.at_once -= 1
            return name.upper()

        return work


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> PaperLanes:
    made = PaperLanes()
    monkeypatch.setattr(reader_module, "Lane", made)
    return made


@pytest.fixture
def health() -> Health:
    return Health(BreakerConfig(threshold=2), ManualClock(), PostgresObserver())


@pytest.fixture
async def reader(lanes: PaperLanes, health: Health) -> AsyncIterator[Reader]:
    made = Reader(
        DatabaseConfig("postgres://db/shop"), _LANES, health, PostgresObserver(), _NEVER_S
    )
    assert lanes.made == _LANES
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(made.run())
        yield made
        running.cancel()


@pytest.fixture
def questions() -> Questions:
    return Questions()


async def answer_at_once(connection: Any) -> int:
    return int(connection)


async def test_a_question_has_a_connection_to_itself_and_no_more_are_asked_than_there_are(
    reader: Reader, questions: Questions
) -> None:
    asking = [asyncio.ensure_future(reader.ask(questions.named(name))) for name in "abcde"]
    await settle()
    assert questions.asked == ["a", "b"]
    questions.may_go.set()
    assert await asyncio.gather(*asking) == ["A", "B", "C", "D", "E"]
    assert questions.most == _LANES


async def test_what_met_a_lost_connection_is_asked_once_more(
    reader: Reader, lanes: PaperLanes, health: Health
) -> None:
    lanes.faults = [DatabaseDown("lost")]
    assert await reader.ask(answer_at_once) == 2
    assert not health.is_open


async def test_what_is_lost_twice_is_unavailable_and_counts_as_one_failure(
    reader: Reader, lanes: PaperLanes, health: Health
) -> None:
    lanes.faults = [DatabaseDown("lost")] * 2
    with pytest.raises(DatabaseUnavailable):
        await reader.ask(answer_at_once)
    assert (lanes.used, health.is_open) == (2, False)
    lanes.faults = [DatabaseDown("lost")] * 2
    with pytest.raises(DatabaseUnavailable):
        await reader.ask(answer_at_once)
    assert health.is_open
    with pytest.raises(CircuitOpen):
        await reader.ask(answer_at_once)
    assert lanes.used == 4


async def test_a_lock_that_is_not_free_says_nothing_of_the_database(
    reader: Reader, lanes: PaperLanes, health: Health
) -> None:
    for _ in range(5):
        lanes.faults = [TryAgain("locked", is_lock=True)] * 2
        with pytest.raises(DatabaseUnavailable):
            await reader.ask(answer_at_once)
    assert not health.is_open


async def test_a_defect_is_told_to_who_asked_and_nobody_else(
    reader: Reader, lanes: PaperLanes
) -> None:
    async def broken(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await reader.ask(broken)
    assert lanes.used == 1
    assert await reader.ask(answer_at_once) == 2


async def test_a_question_for_which_nobody_waits_any_more_is_not_asked(
    reader: Reader, questions: Questions
) -> None:
    going = [asyncio.ensure_future(reader.ask(questions.named(name))) for name in "ab"]
    moot = asyncio.ensure_future(reader.ask(questions.named("moot")))
    await settle()
    moot.cancel()
    await settle()
    questions.may_go.set()
    await asyncio.gather(*going)
    assert await reader.ask(questions.named("c")) == "C"
    assert questions.asked == ["a", "b", "c"]


async def test_one_of_two_askers_may_hang_up(reader: Reader, questions: Questions) -> None:
    question = reader.put(questions.named("a"))
    first, second = (asyncio.ensure_future(reader.answer(question)) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    questions.may_go.set()
    assert await second == "A"
    assert questions.asked == ["a"]


async def test_nobody_waits_longer_than_his_patience(lanes: PaperLanes, health: Health) -> None:
    del lanes
    nobody_serves = Reader(DatabaseConfig("postgres://db/x"), 1, health, PostgresObserver(), 0.01)
    with pytest.raises(DatabaseUnavailable):
        await nobody_serves.ask(answer_at_once)


async def test_too_many_questions_are_shed(
    reader: Reader, questions: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_MOST_WAITING", 1)
    going = []
    for name in "abc":  # two are asked, one waits
        going.append(asyncio.ensure_future(reader.ask(questions.named(name))))
        await settle()
    with pytest.raises(Overloaded):
        reader.put(questions.named("d"))
    questions.may_go.set()
    assert await asyncio.gather(*going) == ["A", "B", "C"]


async def test_at_the_end_whoever_waits_is_told_and_nobody_asks_any_more(
    lanes: PaperLanes, health: Health, questions: Questions
) -> None:
    ending = Reader(DatabaseConfig("postgres://db/x"), 1, health, PostgresObserver(), _NEVER_S)
    running = asyncio.ensure_future(ending.run())
    asking = [asyncio.ensure_future(ending.ask(questions.named(name))) for name in "abc"]
    await settle()
    running.cancel()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(it) for it in told] == [ShuttingDown] * 3
    with pytest.raises(ShuttingDown):
        ending.put(answer_at_once)
    await ending.close()
    assert (lanes.closed, questions.at_once) == (1, 0)
    with pytest.raises(asyncio.CancelledError):
        await running


async def settle() -> None:
    """Let everybody do what he can do now."""
    for _ in range(20):
        await asyncio.sleep(0)
