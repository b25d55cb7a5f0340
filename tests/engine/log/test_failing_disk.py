"""A disk that fails: what was not durable is taken back, and a failed sync ends the service."""

import asyncio
import errno
import threading
from pathlib import Path

import pytest

from surestock.engine.log import LogObserver
from surestock.inventory.model import Level
from surestock.inventory.unavailable import ReadOnly
from surestock.journal.errors import SyncFailed
from surestock.kit import failpoints
from tests.engine.log.bench import adjust, count, engine_on, reserve, sent
from tests.engine.log.test_group_commit import answer_of, turns
from tests.journal.logs import failing

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")
KEY = ("s1", "apple")


def on_hand(level: Level | None) -> int:
    assert level is not None
    return level.on_hand


async def test_a_write_that_fails_for_good_takes_back_all_that_was_decided_on_it(
    tmp_path: Path,
) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(10)))
        with failing("journal.write", FULL, times=99):
            answers = await asyncio.gather(
                *(answer_of(engine.transact(sent(adjust(-1), f"k{n}"))) for n in range(20)),
                answer_of(engine.transact(sent(reserve(1), "r"))),
                answer_of(engine.transact(sent(adjust(-1000), "refused"))),
            )
        assert {type(answer) for answer in answers} == {ReadOnly}
        assert on_hand(await engine.find_level(KEY)) == 10
        assert engine.status().queue_depth == 0
        # There is room again: the same keys are carried out now, once.
        outcomes = await asyncio.gather(
            *(engine.transact(sent(adjust(-1), f"k{n}")) for n in range(10))
        )
        assert [it.sequence for it in outcomes] == list(range(2, 12))
        assert not any(it.replayed for it in outcomes)
        assert on_hand(await engine.find_level(KEY)) == 0
    async with engine_on(tmp_path) as again:
        assert on_hand(await again.find_level(KEY)) == 0


async def test_a_write_that_fails_once_is_tried_again_and_counted(tmp_path: Path) -> None:
    class Counting(LogObserver):
        retries = 0

        def retried(self) -> None:
            self.retries += 1

    observer = Counting()
    async with engine_on(tmp_path, observer=observer) as engine:
        with failing("journal.write", FULL):
            assert (await engine.transact(sent(count(1)))).sequence == 1
    assert observer.retries == 1


async def test_after_a_failed_fdatasync_nothing_more_is_acknowledged(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(10)))

        def broken() -> None:
            raise BROKEN

        failpoints.arm("journal.fdatasync", broken)
        waiting = [answer_of(engine.transact(sent(adjust(-1)))) for _ in range(5)]
        assert {type(answer) for answer in await asyncio.gather(*waiting)} == {ReadOnly}
        assert isinstance(await engine.failed(), SyncFailed)
        failpoints.disarm_all()
        # The disk works again, but what it holds is not known: the process has to end.
        assert isinstance(await answer_of(engine.transact(sent(adjust(-1)))), ReadOnly)
        assert engine.status().read_only
        assert engine.status().reasons
        assert on_hand(await engine.find_level(KEY)) == 10
    async with engine_on(tmp_path) as again:
        # Whether the unacknowledged batch is there, the disk decided; half of it is not.
        assert on_hand(await again.find_level(KEY)) in (5, 10)


async def test_a_reservation_that_was_taken_back_leaves_nothing_behind(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(10)))
        kept = await engine.transact(sent(reserve(1, ttl_s=3600)))
        with failing("journal.write", FULL, times=99):
            lost = await asyncio.gather(
                *(answer_of(engine.transact(sent(reserve(1, ttl_s=3600)))) for _ in range(3))
            )
        assert {type(answer) for answer in lost} == {ReadOnly}
        level = await engine.find_level(KEY)
        assert level is not None
        assert level.reserved == 1
        assert kept.reply.reservation_id is not None
        assert await engine.find_reservation(kept.reply.reservation_id) is not None


async def test_what_gathered_behind_a_write_that_fails_is_taken_back_with_it(
    tmp_path: Path,
) -> None:
    failing_now = threading.Event()

    def fail_late() -> None:
        failing_now.wait(60)
        raise FULL

    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        failpoints.arm("journal.write", fail_late)
        first = tasks.create_task(answer_of(engine.transact(sent(adjust(-1), "a"))))
        await turns()
        behind = [
            tasks.create_task(answer_of(engine.transact(sent(command, name))))
            for command, name in ((adjust(-2), "b"), (count(5, "pear"), "c"), (reserve(99), "d"))
        ]
        await turns()
        failing_now.set()
        assert {type(answer) for answer in await asyncio.gather(first, *behind)} == {ReadOnly}
        failpoints.disarm_all()
        assert await engine.find_level(("s1", "pear")) is None
        outcome = await engine.transact(sent(adjust(-2), "b"))
        assert (outcome.sequence, outcome.replayed) == (2, False)
    async with engine_on(tmp_path) as again:
        assert on_hand(await again.find_level(KEY)) == 8
