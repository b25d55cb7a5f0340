"""Whether the log can be written again is found out by itself, with probes and nothing else."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from surestock.inventory.unavailable import ReadOnly
from surestock.journal.errors import SyncFailed
from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from tests.engine.log.ailing import (
    THREE,
    WRITES,
    Gate,
    Watching,
    fail,
    kept,
    until,
    until_it_is,
)
from tests.engine.log.bench import adjust, count, engine_on, sent
from tests.engine.log.test_failing_disk import BROKEN, on_hand
from tests.engine.log.test_group_commit import KEY, answer_of, turns
from tests.faults.plan import no_room
from tests.journal.logs import failing

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_it_closes_by_itself_after_the_cooldown_when_there_is_room(tmp_path: Path) -> None:
    clock, told = ManualClock(), Watching()
    async with engine_on(tmp_path, clock, told, breaker=THREE) as engine, kept(engine):
        await engine.transact(sent(count(10)))
        await fail(engine, 3)
        await asyncio.sleep(0.02)
        assert engine.status().breaker == "open"
        clock.advance(0.05)
        await until_it_is(engine, "closed")
        assert (await engine.transact(sent(adjust(-1)))).sequence == 2
        assert told.breakers == [("open", 1), ("half_open", 1), ("closed", 1)]
        await fail(engine, 3)
        clock.advance(0.05)
        await until_it_is(engine, "closed")
    async with engine_on(tmp_path) as again:
        assert on_hand(await again.find_level(KEY)) == 9


async def test_while_the_disk_stays_full_each_probe_fails_and_no_client_is_let_through(
    tmp_path: Path,
) -> None:
    clock, told = ManualClock(), Watching()
    async with engine_on(tmp_path, clock, told, breaker=THREE) as engine, kept(engine):
        await engine.transact(sent(count(10)))
        with no_room(*WRITES):
            for _ in range(3):
                await answer_of(engine.transact(sent(adjust(-1))))
            for openings in (2, 3, 4):
                clock.advance(0.05)
                await until(lambda: told.breakers[-1] == ("open", openings))  # noqa: B023 - it is awaited here
                assert isinstance(await answer_of(engine.transact(sent(adjust(-1)))), ReadOnly)
            (reason,) = engine.status().reasons
            assert reason.startswith("the event log has no room to grow: No space left on device; ")
            assert reason.endswith("; it is tried every 0.05 s and used again once that works")
        clock.advance(0.05)
        await until_it_is(engine, "closed")
        assert engine.status().reasons == ()
        assert (await engine.transact(sent(adjust(-1)))).sequence == 2


async def test_half_open_is_read_only_too(tmp_path: Path) -> None:
    clock, gate = ManualClock(), Gate()
    async with engine_on(tmp_path, clock, breaker=THREE) as engine, kept(engine):
        await engine.transact(sent(count(10)))
        await fail(engine, 3)
        failpoints.arm("journal.probe.fdatasync", gate)
        clock.advance(0.05)
        await until_it_is(engine, "half_open")
        refused = await answer_of(engine.transact(sent(adjust(-1))))
        assert isinstance(refused, ReadOnly)
        assert refused.retry_after_s == 1
        assert engine.status().read_only
        gate.open()
        await until_it_is(engine, "closed")


async def test_a_failed_sync_of_the_probe_is_a_failed_probe_and_no_more(tmp_path: Path) -> None:
    clock, told = ManualClock(), Watching()
    async with engine_on(tmp_path, clock, told, breaker=THREE) as engine, kept(engine):
        await engine.transact(sent(count(10)))
        await fail(engine, 3)
        with failing("journal.probe.fdatasync", BROKEN):
            clock.advance(0.05)
            await until(lambda: told.breakers[-1] == ("open", 2))
        clock.advance(0.05)
        await until_it_is(engine, "closed")
        assert (await engine.transact(sent(adjust(-1)))).sequence == 2


async def test_a_failed_sync_of_the_log_is_final_and_never_probed(tmp_path: Path) -> None:
    clock = ManualClock()
    async with engine_on(tmp_path, clock, breaker=THREE) as engine, kept(engine):
        await engine.transact(sent(count(10)))
        await fail(engine, 2)
        with failing("journal.fdatasync", BROKEN):
            assert isinstance(await answer_of(engine.transact(sent(adjust(-1)))), ReadOnly)
        assert isinstance(await engine.failed(), SyncFailed)
        with failing("journal.probe.create", AssertionError("it was probed")):
            clock.advance(60)
            await asyncio.sleep(0.02)
        assert engine.status().read_only
        assert engine.status().reasons == (
            "the event log is not trusted to be durable any more: the process ends",
        )
        assert isinstance(await answer_of(engine.transact(sent(adjust(-1)))), ReadOnly)


async def test_a_repair_that_may_not_be_durable_is_final_too(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(10)))
    (segment,) = tmp_path.glob("*.ndjson")
    with segment.open("ab") as log:
        log.write(b'{"crc":"')
    clock = ManualClock()
    with no_room("file.write"):
        async with engine_on(tmp_path, clock, breaker=THREE) as engine, kept(engine):
            failpoints.disarm_all()
            with failing("repair.truncate.fsync", BROKEN):
                clock.advance(0.05)
                assert isinstance(await engine.failed(), SyncFailed)
            clock.advance(60)
            assert isinstance(await answer_of(engine.transact(sent(adjust(-1)))), ReadOnly)


async def test_a_prober_that_is_stopped_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    clock, gate = ManualClock(), Gate()
    async with engine_on(tmp_path, clock, breaker=THREE) as engine:
        await engine.transact(sent(count(10)))
        await fail(engine, 3)
        async with kept(engine):
            failpoints.arm("journal.probe.fdatasync", gate)
            clock.advance(0.05)
            await until_it_is(engine, "half_open")
        assert engine.status().breaker == "open"
        gate.open()
        failpoints.disarm_all()
        async with kept(engine):
            clock.advance(0.05)
            await until_it_is(engine, "closed")
        assert (await engine.transact(sent(adjust(-1)))).sequence == 2
    assert not (tmp_path / "probe.tmp").exists()


async def test_a_probe_waits_until_nothing_is_on_its_way(tmp_path: Path) -> None:
    steps: list[str] = []
    gate = Gate()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        failpoints.arm("journal.fdatasync", gate)
        for step in ("journal.write", "journal.probe.create"):
            failpoints.arm(step, partial(steps.append, step))
        tasks.create_task(engine.transact(sent(count(10))))
        await turns()
        tasks.create_task(engine.transact(sent(adjust(-1))))
        await turns()
        group = engine._core._group  # noqa: SLF001 - nothing is on its way when a prober asks it
        assert group is not None
        probe = tasks.create_task(group.probe())
        await turns()
        gate.open()
        assert await probe is None
    assert steps == ["journal.write", "journal.write", "journal.probe.create"]
