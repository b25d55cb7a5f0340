"""A log that cannot be written is left alone; reads and what is on record go on."""

import asyncio
import threading
from pathlib import Path

import pytest

from surestock.inventory.refusals import InsufficientStock
from surestock.inventory.unavailable import ReadOnly
from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig
from tests.engine.log.ailing import THREE, Gate, Watching, fail
from tests.engine.log.bench import adjust, count, engine_on, reserve, sent
from tests.engine.log.test_failing_disk import on_hand
from tests.engine.log.test_group_commit import KEY, answer_of, turns
from tests.journal.logs import failing

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_after_some_batches_that_failed_in_a_row_nothing_is_decided_and_reads_go_on(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with engine_on(tmp_path, clock, breaker=BreakerConfig(3, 5.0)) as engine:
        await engine.transact(sent(count(10)))
        await fail(engine, 2)
        assert (engine.status().breaker, engine.status().read_only) == ("closed", False)
        await fail(engine, 1)
        status = engine.status()
        assert (status.breaker, status.read_only, status.queue_depth) == ("open", True, 0)
        (reason,) = status.reasons
        assert reason.startswith("the event log cannot be written: No space left on device; ")
        assert reason.endswith("; it is tried every 5 s and used again once that works")
        clock.advance(2)
        # There is room again, but it was not asked: nothing is written, nor even decided.
        with failing("journal.write", AssertionError("it was written")):
            for command in (adjust(-1), reserve(99), adjust(1, "pear")):
                refused = await answer_of(engine.transact(sent(command)))
                assert isinstance(refused, ReadOnly)
                assert refused.retry_after_s == 3
        assert on_hand(await engine.find_level(KEY)) == 10
        assert len(await engine.records(0, 10)) == 1
        assert len(await engine.history(KEY, 0, 10)) == 1


async def test_a_batch_that_is_durable_makes_the_count_begin_anew(tmp_path: Path) -> None:
    async with engine_on(tmp_path, breaker=THREE) as engine:
        await engine.transact(sent(count(10)))
        for _ in range(4):
            await fail(engine, 2)
            await engine.transact(sent(adjust(-1)))
        assert engine.status().breaker == "closed"
        assert on_hand(await engine.find_level(KEY)) == 6


async def test_what_is_on_record_is_answered_again_while_nothing_new_is_taken_on(
    tmp_path: Path,
) -> None:
    async with engine_on(tmp_path, breaker=THREE) as engine:
        first = await engine.transact(sent(count(10), "k"))
        refused = await answer_of(engine.transact(sent(reserve(99), "r")))
        await fail(engine, 3)
        again = await engine.transact(sent(count(10), "k"))
        assert (again.replayed, again.sequence) == (True, first.sequence)
        assert bytes(again.reply.body) == bytes(first.reply.body)
        again_refused = await answer_of(engine.transact(sent(reserve(99), "r")))
        assert (type(again_refused), str(again_refused)) == (InsufficientStock, str(refused))
        assert isinstance(await answer_of(engine.transact(sent(count(10), "new"))), ReadOnly)


async def test_what_gathered_behind_the_batch_that_opened_it_fails_with_it(tmp_path: Path) -> None:
    told, full = Watching(), Gate()

    def fail_late() -> None:
        full()
        raise OSError(28, "No space left on device")

    async with (
        engine_on(tmp_path, observer=told, breaker=BreakerConfig(1, 60)) as engine,
        asyncio.TaskGroup() as tasks,
    ):
        await engine.transact(sent(count(10)))
        failpoints.arm("journal.write", fail_late)
        sends = [
            tasks.create_task(answer_of(engine.transact(sent(adjust(-1), f"k{n}"))))
            for n in range(5)
        ]
        await turns()
        sends += [tasks.create_task(answer_of(engine.transact(sent(adjust(-1))))) for _ in range(5)]
        await turns()
        full.open()
        assert {type(it) for it in await asyncio.gather(*sends)} == {ReadOnly}
        assert told.breakers == [("open", 1)]
        assert (engine.status().queue_depth, on_hand(await engine.find_level(KEY))) == (0, 10)


async def test_the_sync_of_each_batch_is_told_of_on_the_event_loop(tmp_path: Path) -> None:
    told = Watching()
    async with engine_on(tmp_path, observer=told) as engine:
        for _ in range(3):
            await engine.transact(sent(count(10)))
    assert len(told.synced_s) == 3
    assert all(0 < seconds < 60 for seconds in told.synced_s)
    assert told.threads == {threading.main_thread().name}
