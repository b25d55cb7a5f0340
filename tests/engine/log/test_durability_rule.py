"""No answer, refusal or read depends on anything that is not durable."""

import asyncio
import threading
from pathlib import Path

import pytest

from surestock.inventory.commands import (
    CommitReservation,
    ExtendReservation,
    ReleaseReservation,
)
from surestock.inventory.refusals import InsufficientStock
from surestock.inventory.unavailable import ReadOnly
from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from tests.engine.log.bench import Disk, adjust, count, engine_on, reserve, sent
from tests.engine.log.test_failing_disk import FULL
from tests.engine.log.test_group_commit import KEY, answer_of, turns

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_a_refusal_waits_for_an_extension_that_it_was_decided_on(tmp_path: Path) -> None:
    disk, clock = Disk(), ManualClock()
    async with engine_on(tmp_path, clock) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        made = await engine.transact(sent(reserve(10, ttl_s=60)))
        assert made.reply.reservation_id is not None
        disk.hold()
        longer = ExtendReservation(made.reply.reservation_id, 600)
        extended = tasks.create_task(engine.transact(sent(longer)))
        await turns()
        clock.advance(61)
        # Without the extension, which may yet be lost, all 10 would be there again.
        refused = tasks.create_task(answer_of(engine.transact(sent(reserve(1)))))
        await turns()
        assert not refused.done()
        disk.let_go()
        assert (await extended).sequence == 3
        assert isinstance(await refused, InsufficientStock)
        # What rests on durable state alone is answered at once again.
        disk.hold()
        other = tasks.create_task(engine.transact(sent(count(1, "pear"))))
        await turns()
        assert isinstance(await answer_of(engine.transact(sent(reserve(1)))), InsufficientStock)
        assert not other.done()
        disk.let_go()
        await other


async def test_no_read_shows_what_is_not_durable(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        held = (await engine.transact(sent(reserve(2)))).reply.reservation_id
        assert held is not None

        async def shown() -> tuple[object, ...]:
            return (
                await engine.find_level(KEY),
                await engine.find_level(("s1", "pear")),
                await engine.find_reservation(held),
                await engine.list_levels("s1", "", 10),
                await engine.records(0, 10),
                await engine.history(KEY, 0, 10),
            )

        before = await shown()
        disk.hold()
        coming = [
            tasks.create_task(engine.transact(sent(command)))
            for command in (CommitReservation(held), adjust(1), count(3, "pear"))
        ]
        await turns()
        assert await shown() == before
        disk.let_go()
        await asyncio.gather(*coming)
        after = await shown()
        assert all(one != other for one, other in zip(before, after, strict=True))


async def test_a_refusal_waits_for_the_last_record_that_it_was_decided_on(tmp_path: Path) -> None:
    gates = [threading.Event(), threading.Event()]
    waiting = iter(gates)

    def wait() -> None:
        next(waiting).wait(60)

    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        failpoints.arm("journal.fdatasync", wait)
        first = tasks.create_task(engine.transact(sent(count(1, "pear"))))
        await turns()
        sold = tasks.create_task(engine.transact(sent(reserve(10))))
        await turns()
        refused = tasks.create_task(answer_of(engine.transact(sent(reserve(1)))))
        await turns()
        gates[0].set()
        await first
        await turns()
        assert not sold.done()
        assert not refused.done()
        gates[1].set()
        assert (await sold).sequence == 3
        assert isinstance(await refused, InsufficientStock)


async def test_an_end_that_was_lost_leaves_the_reservation_to_expire(tmp_path: Path) -> None:
    clock, failing_now = ManualClock(), threading.Event()

    def fail_late() -> None:
        failing_now.wait(60)
        raise FULL

    async with engine_on(tmp_path, clock) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(count(10)))
        held = (await engine.transact(sent(reserve(4, ttl_s=60)))).reply.reservation_id
        assert held is not None
        failpoints.arm("journal.write", fail_late)
        lost = tasks.create_task(answer_of(engine.transact(sent(ReleaseReservation(held)))))
        await turns()
        clock.advance(60)
        level = await engine.find_level(KEY)
        assert level is not None
        assert level.reserved == 4
        failing_now.set()
        assert isinstance(await lost, ReadOnly)
        failpoints.disarm_all()
        level = await engine.find_level(KEY)
        assert level is not None
        assert level.reserved == 0
        assert (await engine.transact(sent(adjust(-10)))).sequence == 3
