"""Turns at the log: nobody waits for long, nobody is left, and only in one is anything decided."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from surestock.engine.log.core import WriteCore
from surestock.engine.log.shared.log import SharedLog
from surestock.inventory.unavailable import ShuttingDown
from surestock.journal.writer_lock import WriterLock
from surestock.kit.clock import Clock, ManualClock, SystemClock
from surestock.kit.errors import Unavailable
from tests.engine.log.bench import Disk, adjust, count, reserve, sent
from tests.engine.shared.house import Player, config_in, is_decided
from tests.engine.shared.verdict import records_in
from tests.real.steady import steady_time

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
_PATIENCE_S = 60.0


@asynccontextmanager
async def members_on(
    root: Path, clock: Clock, count: int = 3, records: int = 1000
) -> AsyncIterator[list[Player]]:
    members = [Player(config_in(root, records), clock) for _ in range(count)]
    for member in members:
        await member.start()
    try:
        yield members
    finally:
        for member in members:
            if not member.is_ending:
                await member.bury()


def even_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each sync take the same: whose turn it is does not hang on what else the disk does."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda _fd: sleep(0.001))


@pytest.fixture
def only_with_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whenever anything is decided, or written, by who has not the writer lock."""
    holders: set[WriterLock] = set()
    take, release, close = WriterLock.try_take, WriterLock.release, WriterLock.close
    execute = WriteCore.execute

    def try_take(lock: WriterLock) -> bool:
        assert lock not in holders, "taken twice"
        if not take(lock):
            return False
        assert not holders, "two have it"
        holders.add(lock)
        return True

    def let_go(lock: WriterLock) -> None:
        assert lock in holders, "let go of twice"
        holders.discard(lock)
        release(lock)

    def close_it(lock: WriterLock) -> None:
        assert lock not in holders, "closed in a turn"
        close(lock)

    def decide(core: WriteCore, *args: Any, **named: Any) -> object:
        log = core._log  # noqa: SLF001 - whose lock it is
        assert isinstance(log, SharedLog)
        is_refused = core._closing  # noqa: SLF001
        assert is_refused or log.lock in holders, "decided without the lock"
        return execute(core, *args, **named)

    monkeypatch.setattr(WriterLock, "try_take", try_take)
    monkeypatch.setattr(WriterLock, "release", let_go)
    monkeypatch.setattr(WriterLock, "close", close_it)
    monkeypatch.setattr(WriteCore, "execute", decide)


async def test_nobody_waits_for_long_while_all_are_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figure: the longest wait of anybody, and how the changes are spread over three members."""
    waits: list[list[float]] = [[], [], []]
    even_disk(monkeypatch)

    async def sells(member: Player, mine: list[float], until: float) -> None:
        while steady_time() < until:
            began = steady_time()
            await member.transact(sent(adjust(1)))
            mine.append(steady_time() - began)

    async with members_on(tmp_path, SystemClock()) as members:
        await members[0].transact(sent(count(100)))
        until = steady_time() + 3
        async with asyncio.TaskGroup() as tasks:
            for member, mine in zip(members, waits, strict=True):
                for _ in range(20):
                    tasks.create_task(sells(member, mine, until))
    sold = [len(mine) for mine in waits]
    print(f"sold {sold}, longest waits {[round(max(mine), 3) for mine in waits]} s")
    assert max(map(max, waits)) < 2
    assert min(sold) * 10 > max(sold)


async def test_one_that_sells_now_and_then_is_let_in_among_busy_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = True
    even_disk(monkeypatch)

    async def sells(member: Player) -> None:
        while busy:
            await member.transact(sent(adjust(1)))

    async with members_on(tmp_path, SystemClock()) as members:
        await members[0].transact(sent(count(100)))
        async with asyncio.TaskGroup() as tasks:
            for member in members[:2]:
                for _ in range(20):
                    tasks.create_task(sells(member))
            waits = []
            for _ in range(20):
                began = steady_time()
                await members[2].transact(sent(adjust(1)))
                waits.append(steady_time() - began)
                await asyncio.sleep(0.02)
            busy = False
    print(f"longest of {len(waits)} waits {max(waits):.3f} s, mean {sum(waits) / 20:.3f} s")
    assert max(waits) < 2


@pytest.mark.usefixtures("only_with_the_lock")
async def test_whoever_gives_up_at_whatever_instant_leaves_the_turns_in_order(
    tmp_path: Path,
) -> None:
    """Each command is cancelled after another number of steps of the loop; then all go on."""
    async with members_on(tmp_path, ManualClock()) as members:
        await members[0].transact(sent(count(1000)))
        loop = asyncio.get_running_loop()
        for steps in range(60):
            tasks = [loop.create_task(it.transact(sent(adjust(-1)))) for it in members]
            for _ in range(steps):
                await asyncio.sleep(0.0002 if steps > 30 else 0)
            for task in tasks[: 1 + steps % 3]:
                task.cancel()
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.wait(tasks)
        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.gather(*(it.transact(sent(adjust(-1))) for it in members))
        for member in members:
            gate = member._turns._gate  # noqa: SLF001 - is anybody left in it
            async with asyncio.timeout(_PATIENCE_S):
                while (gate.waiting, gate._inside, gate.is_open) != (0, 0, False):  # noqa: ASYNC110, SLF001
                    await asyncio.sleep(0.001)
    records = await asyncio.to_thread(records_in, tmp_path)
    assert [it.sequence for it in records] == list(range(1, len(records) + 1))


@pytest.mark.usefixtures("only_with_the_lock")
@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 5, 6, 8, 13, 21, 34, 55, 89])
async def test_a_member_that_ends_in_a_turn_answers_everybody_and_lets_go(
    tmp_path: Path, steps: int
) -> None:
    clock = ManualClock()
    async with members_on(tmp_path, clock, 2) as (one, other):
        await one.transact(sent(count(2000)))
        held = await one.transact(sent(reserve(1, ttl_s=1)))
        assert held.reply.reservation_id is not None
        clock.advance(2)
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[Any]] = [
            loop.create_task(one.transact(sent(adjust(-1)))) for _ in range(5)
        ]
        tasks.append(loop.create_task(one.transact_each([sent(adjust(-1))] * 1000)))
        tasks.append(loop.create_task(one.expire_due()))
        for _ in range(2000 * bool(steps)):
            await asyncio.sleep(0)
            if one._turns._gate.is_open:  # noqa: SLF001 - so many steps into the turn
                break
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(_PATIENCE_S):
            await one.bury()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            after = await other.transact(sent(adjust(-1)))
        for answer in answers:
            assert not isinstance(answer, BaseException) or isinstance(answer, ShuttingDown)
        accepted = [it.sequence for it in answers if not isinstance(it, list | int | BaseException)]
        rows = [it for it in answers if isinstance(it, list)]
        accepted += [it.sequence for row in rows for it in row if not isinstance(it, Exception)]
        assert all(sequence < after.sequence for sequence in accepted)


async def test_a_member_that_is_held_up_in_its_turn_holds_up_writes_and_not_reads(
    tmp_path: Path,
) -> None:
    disk = Disk()
    async with members_on(tmp_path, ManualClock(), 2) as (one, other):
        await one.transact(sent(count(10)))
        disk.hold()
        loop = asyncio.get_running_loop()
        slow = loop.create_task(one.transact(sent(adjust(-1))))
        await is_decided(one)
        waiting = loop.create_task(other.transact(sent(adjust(-2))))
        for member in (one, other):
            level = await member.find_level(("s1", "apple"))
            assert level is not None
            assert level.on_hand == 10
        assert not slow.done()
        assert not waiting.done()
        disk.let_go()
        assert ((await slow).sequence, (await waiting).sequence) == (2, 3)


async def test_a_command_that_waits_too_long_is_told_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    async with members_on(tmp_path, ManualClock(), 2) as (one, other):
        await one.transact(sent(count(10)))
        disk.hold()
        slow = asyncio.get_running_loop().create_task(one.transact(sent(adjust(-1))))
        await is_decided(one)
        with monkeypatch.context() as hurried:
            hurried.setattr(other._turns._gate, "_wait_s", 0.05)  # noqa: SLF001
            with pytest.raises(Unavailable):
                await other.transact(sent(adjust(-2)))
        assert other._turns._gate.waiting == 0  # noqa: SLF001
        disk.let_go()
        await slow
        assert (await other.transact(sent(adjust(-2)))).sequence == 3
