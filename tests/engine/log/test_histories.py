"""A history may read the whole log: nothing else waits for it, and it ends when nobody does."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.engine.log import archive
from surestock.inventory.model import StockKey
from surestock.inventory.unavailable import ShuttingDown
from surestock.journal.line import Commit
from surestock.journal.read import read_commits
from surestock.kit.clock import ManualClock
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record
from tests.engine.log.shop import KEY, engine_in, folded, keep_up, open_shop, sell

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
QUIET: StockKey = ("s1", "quiet")


class Reading:
    """Holds the reading of segments up until it is let go; counts them, and records looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._gate = threading.Event()
        self.begun = threading.Semaphore(0)
        self.segments = 0
        self.records = 0
        monkeypatch.setattr(archive, "read_commits", self._held)
        monkeypatch.setattr(archive, "explain", self._counted)

    def _held(self, *given: object) -> Iterator[Commit]:
        self.segments += 1
        self.begun.release()
        self._gate.wait(10)
        yield from read_commits(*given)  # type: ignore[arg-type]

    def _counted(self, record: Record, key: StockKey) -> list[HistoryEntry]:
        self.records += 1
        return explain(record, key)

    async def under_way(self, histories: int) -> None:
        """Return once so many histories are being read."""
        for _ in range(histories):
            await asyncio.to_thread(self.begun.acquire)

    def let_go(self) -> None:
        self._gate.set()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_histories_that_take_long_hold_no_other_thread_up(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(tmp_path, clock)
    reading = Reading(monkeypatch)
    async with engine_in(tmp_path, clock) as engine, asyncio.TaskGroup() as tasks:
        slow = [tasks.create_task(engine.history(QUIET, 0, 10)) for _ in range(100)]
        await reading.under_way(2)
        await engine.refresh()
        assert reading.segments == 2
        reading.let_go()
    assert {len(task.result()) for task in slow} == {0}


@pytest.mark.parametrize("key", [QUIET, KEY])
async def test_a_history_that_nobody_waits_for_is_given_up(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, key: StockKey
) -> None:
    await open_shop(tmp_path, clock)
    reading = Reading(monkeypatch)
    async with engine_in(tmp_path, clock) as engine:
        slow = [asyncio.ensure_future(engine.history(key, 0, 1000)) for _ in range(2)]
        await reading.under_way(2)
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)
        reading.let_go()
        # There are two threads, so one of the two is over when this one is done.
        assert len(await engine.history(KEY, 0, 1)) == 1
        assert (reading.segments, reading.records) == (3, 1)


async def test_an_engine_that_closes_gives_histories_up(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(tmp_path, clock)
    reading = Reading(monkeypatch)
    async with engine_in(tmp_path, clock) as engine:
        slow = [asyncio.ensure_future(engine.history(QUIET, 0, 10)) for _ in range(3)]
        await reading.under_way(2)
    reading.let_go()
    for task in [*slow, asyncio.ensure_future(engine.history(KEY, 0, 1))]:
        with pytest.raises(ShuttingDown):
            await task
    assert reading.segments == 2


async def test_a_history_is_whole_from_anywhere_on_whatever_is_archived(
    tmp_path: Path, clock: ManualClock
) -> None:
    await open_shop(tmp_path, clock)
    await asyncio.to_thread(keep_up, tmp_path, clock)
    async with engine_in(tmp_path, clock) as engine:
        await sell(engine, 21, 30)
        whole = await engine.history(KEY, 0, 1000)
    assert (await asyncio.to_thread(keep_up, tmp_path, clock)).compacted > 0
    level = (await asyncio.to_thread(folded, tmp_path)).level(KEY)
    assert level is not None
    assert whole[-1].version == level.version
    async with engine_in(tmp_path, clock) as engine:
        for after in range(len(whole) + 1):
            rest = [entry for entry in whole if entry.sequence > after]
            assert await engine.history(KEY, after, 1000) == rest
            assert await engine.history(KEY, after, 2) == rest[:2]
            assert [it.sequence for it in await engine.records(after, 5)] == [
                it.sequence for it in rest[:5]
            ]
