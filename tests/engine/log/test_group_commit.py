"""Commands decide on what is not yet durable; nobody is told anything that is not."""

import asyncio
from pathlib import Path

import pytest

from surestock.idempotency import IdempotencyConflict, IdempotencyInFlight, make_key, row_key
from surestock.inventory.refusals import InsufficientStock, VersionConflict
from surestock.inventory.unavailable import Overloaded
from surestock.journal.line import Commit
from surestock.journal.scan import Scan
from surestock.ledger.port import Envelope
from tests.engine.log.bench import Disk, adjust, count, engine_on, reserve, sent

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
KEY = ("s1", "apple")


async def turns(times: int = 20) -> None:
    """Let the event loop turn, so that whatever can go on does."""
    for _ in range(times):
        await asyncio.sleep(0)


def lines_of(directory: Path) -> list[Commit]:
    """The group commits of a log."""
    return [commit for _, commit in Scan(directory)]


async def test_a_hot_sku_commits_many_commands_in_one_line(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(0)))
        outcomes = await asyncio.gather(*(engine.transact(sent(adjust(1))) for _ in range(100)))
    assert [it.reply.version for it in outcomes] == list(range(2, 102))
    lines = await asyncio.to_thread(lines_of, tmp_path)
    assert len(lines) == 2
    assert (lines[1].first, lines[1].last) == (2, 101)


async def test_nothing_is_answered_or_readable_before_it_is_durable(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        disk.hold()
        answer = tasks.create_task(engine.transact(sent(adjust(-4))))
        await turns()
        assert not answer.done()
        level = await engine.find_level(KEY)
        assert level is not None
        assert level.on_hand == 10
        assert [it.sequence for it in await engine.records(0, 10)] == [1]
        disk.let_go()
        assert (await answer).sequence == 2
        level = await engine.find_level(KEY)
        assert level is not None
        assert level.on_hand == 6


async def test_a_refusal_waits_for_what_it_was_decided_on(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        disk.hold()
        sold = tasks.create_task(engine.transact(sent(reserve(10))))
        await turns()
        refused = tasks.create_task(answer_of(engine.transact(sent(reserve(1)))))
        stale = tasks.create_task(answer_of(engine.transact(sent(adjust(1, expected_version=1)))))
        await turns()
        assert not refused.done()
        assert not stale.done()
        # What was decided on durable state alone need not wait.
        unknown = await answer_of(engine.transact(sent(adjust(1, "pear"))))
        assert "no SKU pear" in str(unknown)
        disk.let_go()
        assert (await sold).sequence == 2
        assert isinstance(await refused, InsufficientStock)
        assert isinstance(await stale, VersionConflict)


async def answer_of(coming: object) -> object:
    """The answer, or the error in its place."""
    try:
        return await coming  # type: ignore[misc]
    except Exception as error:  # noqa: BLE001 - whatever comes is the answer
        return error


async def test_a_repeat_in_flight_joins_the_first_and_never_executes(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        disk.hold()
        first = tasks.create_task(engine.transact(sent(adjust(-1), "k")))
        await turns()
        repeats = [tasks.create_task(engine.transact(sent(adjust(-1), "k"))) for _ in range(3)]
        other = await answer_of(engine.transact(sent(adjust(-2), "k")))
        assert isinstance(other, IdempotencyConflict)
        await turns()
        assert not any(repeat.done() for repeat in repeats)
        disk.let_go()
        outcome = await first
        assert not outcome.replayed
        for repeat in repeats:
            again = await repeat
            assert again.replayed
            assert bytes(again.reply.body) == bytes(outcome.reply.body)
        assert engine.status().sequence == 2


async def test_a_repeat_of_a_refusal_in_flight_gets_the_same_refusal(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(1)))
        disk.hold()
        tasks.create_task(engine.transact(sent(reserve(1))))
        await turns()
        first = tasks.create_task(answer_of(engine.transact(sent(reserve(1), "k"))))
        await turns()
        tasks.create_task(engine.transact(sent(adjust(+5))))
        await turns()
        # There is stock now, as decided; but the key's answer was decided before.
        second = tasks.create_task(answer_of(engine.transact(sent(reserve(1), "k"))))
        await turns()
        disk.let_go()
        assert isinstance(await first, InsufficientStock)
        assert await second is await first
        again = await answer_of(engine.transact(sent(reserve(1), "k")))
        assert (type(again), str(again)) == (InsufficientStock, str(await first))


async def test_the_wait_for_the_first_has_an_end(tmp_path: Path) -> None:
    disk = Disk()
    async with (
        engine_on(tmp_path, join_timeout_s=0.01) as engine,
        asyncio.TaskGroup() as tasks,
    ):
        disk.hold()
        first = tasks.create_task(engine.transact(sent(count(1), "k")))
        await turns()
        assert isinstance(
            await answer_of(engine.transact(sent(count(1), "k"))), IdempotencyInFlight
        )
        disk.let_go()
        await first


async def test_a_client_who_hangs_up_changes_nothing_about_the_record(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        disk.hold()
        gone = tasks.create_task(engine.transact(sent(adjust(-1), "k")))
        await turns()
        joined = tasks.create_task(engine.transact(sent(adjust(-1), "k")))
        await turns()
        gone.cancel()
        await turns()
        assert gone.cancelled()
        disk.let_go()
        assert (await joined).replayed
        repeat = await engine.transact(sent(adjust(-1), "k"))
        assert (repeat.replayed, repeat.sequence) == (True, 2)
        level = await engine.find_level(KEY)
        assert level is not None
        assert level.on_hand == 9


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path, max_pending=5) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(0)))
        disk.hold()
        accepted = [tasks.create_task(engine.transact(sent(adjust(1)))) for _ in range(5)]
        await turns()
        assert isinstance(await answer_of(engine.transact(sent(adjust(1)))), Overloaded)
        assert engine.status().queue_depth == 5
        disk.let_go()
        await asyncio.gather(*accepted)
        assert engine.status().queue_depth == 0
        await engine.transact(sent(adjust(1)))


async def test_closing_makes_durable_what_was_decided(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(engine.transact(sent(count(1))))
        await asyncio.sleep(0)
        await engine.close()
    lines = await asyncio.to_thread(lines_of, tmp_path)
    assert sum(commit.last - commit.first + 1 for commit in lines) == 50


async def test_a_batch_key_is_bound_to_its_batch_while_that_is_in_flight(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        disk.hold()
        batch = make_key("tests", "POST", "/batch", "b", "f" * 32)
        row = Envelope(adjust(-1), "tests", "request-1", row_key(batch, 0))
        running = tasks.create_task(engine.transact_each([row]))
        await turns()
        await engine.check_batch(batch)
        with pytest.raises(IdempotencyConflict):
            await engine.check_batch(make_key("tests", "POST", "/batch", "b", "e" * 32))
        disk.let_go()
        await running
