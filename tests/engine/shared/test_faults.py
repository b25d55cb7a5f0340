"""A disk that fails one member: it tells so, or ends; the others believe nothing but the disk."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from errno import EIO, EMFILE, ENOSPC
from pathlib import Path

import pytest

from surestock.inventory.unavailable import ReadOnly
from surestock.journal import stored
from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Unavailable
from surestock.resilience.breaker import BreakerConfig
from tests.engine.log.bench import adjust, count, sent
from tests.engine.shared.house import Doom, Player, config_in, doomed
from tests.engine.shared.verdict import check_members

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
APPLE = ("s1", "apple")
_BREAKER = BreakerConfig(2, 1.0)


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm_all()


def fails(number: int, times: int = 1_000_000) -> Callable[[], None]:
    """Return an action that fails so often."""
    left = [times]

    def fail() -> None:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(number, "the disk failed")

    return fail


@asynccontextmanager
async def members_on(root: Path, clock: ManualClock, count: int = 2) -> AsyncIterator[list[Player]]:
    members = [Player(config_in(root, 3, _BREAKER), clock) for _ in range(count)]
    for member in members:
        await member.start()
    try:
        yield members
    finally:
        failpoints.disarm_all()
        for member in members:
            await member.bury()


async def on_hand(member: Player) -> int:
    level = await member.find_level(APPLE)
    assert level is not None
    return level.on_hand


@pytest.mark.parametrize("number", [ENOSPC, EIO, EMFILE])
@pytest.mark.parametrize("point", ["journal.write", "journal.segment.create"])
@pytest.mark.parametrize("before", [1, 2, 3])
async def test_a_failed_write_is_nobodys_and_is_tried_again(
    tmp_path: Path, point: str, number: int, before: int
) -> None:
    async with members_on(tmp_path, ManualClock()) as (one, other):
        for amount in range(before):
            await one.transact(sent(count(10 + amount)))
        held = 9 + before
        failpoints.arm(point, fails(number))
        is_hit = point == "journal.write" or before == 3
        for member in (one, other):
            if is_hit:
                with pytest.raises(ReadOnly):
                    await member.transact(sent(adjust(-1)))
        assert [await on_hand(it) for it in (one, other)] == [held, held]
        failpoints.disarm_all()
        assert (await other.transact(sent(adjust(-1)))).sequence == before + 1
        assert (await one.transact(sent(adjust(-1)))).sequence == before + 2
        await check_members(tmp_path, [one, other])


@pytest.mark.parametrize("size", [0, 1, 30, -2, -1])
async def test_a_short_write_that_cannot_be_taken_back_is_cut_off_by_the_next(
    tmp_path: Path, size: int
) -> None:
    async with members_on(tmp_path, ManualClock()) as (one, other):
        await one.transact(sent(count(10)))
        failpoints.arm_cut("journal.write", lambda data: data[:size])
        failpoints.arm("journal.truncate", fails(EIO))
        with pytest.raises(ReadOnly):
            await one.transact(sent(adjust(-1), "lost"))
        failpoints.disarm_all()
        assert await on_hand(other) == 10
        assert (await other.transact(sent(adjust(-2)))).sequence == 2
        assert (await one.transact(sent(adjust(-3), "lost"))).sequence == 3
        assert [await on_hand(it) for it in (one, other)] == [5, 5]
        await check_members(tmp_path, [one, other])


@pytest.mark.parametrize("disk_has_it", [True, False], ids=["it has it", "it has it not"])
async def test_a_failed_sync_ends_one_and_the_others_believe_the_disk(
    tmp_path: Path,
    disk_has_it: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    async with members_on(tmp_path, ManualClock()) as (one, other):
        await one.transact(sent(count(10)))
        path = config_in(tmp_path).directory / "00000000000000000001.ndjson"
        sound = path.stat().st_size
        failpoints.arm("journal.fdatasync", fails(EIO, 1))
        with pytest.raises(ReadOnly):
            await one.transact(sent(adjust(-1), "sale"))
        assert one.is_dead
        assert [await on_hand(it) for it in (one, other)] == [10, 10]
        assert other.status().sequence == 1
        with pytest.raises(ReadOnly):
            await one.transact(sent(adjust(-5)))
        if not disk_has_it:
            written = path.stat().st_size - sound
            with path.open("r+b") as segment:
                segment.seek(sound)
                segment.write(b"\0" * written)
        answer = await other.transact(sent(adjust(-1), "sale"))
        assert (answer.sequence, answer.replayed) == (2, disk_has_it)
        assert await on_hand(other) == 9
        await check_members(tmp_path, [other])


async def test_a_full_disk_with_a_torn_end_is_read_only_and_heals_by_itself(
    tmp_path: Path,
) -> None:
    """Its copy has no room, so nothing is cut: whoever has a turn next tries that again."""
    clock = ManualClock()
    with doomed() as doom:
        async with members_on(tmp_path, clock, 3) as (dying, one, other):
            await dying.transact(sent(count(10)))
            await one.transact(sent(adjust(-1)))
            await other.transact(sent(adjust(-1)))
            await dying.transact(sent(adjust(-1)))
            await _die_within_a_line(dying, doom)
            failpoints.arm("repair.copy.fsync", fails(ENOSPC))
            for member in (one, other, other, other):
                with pytest.raises(ReadOnly):
                    await member.transact(sent(adjust(-1)))
                assert await on_hand(member) == 7
            assert other.status().read_only
            assert not any(it.is_dead for it in (one, other))
            failpoints.disarm_all()
            await _healed(clock, other)
            await other.transact(sent(count(7)))
            assert await on_hand(one) == 7
            for member in (one, other, one):
                await member.transact(sent(adjust(-1)))
            assert [await on_hand(it) for it in (one, other)] == [4, 4]
            await check_members(tmp_path, [one, other])


async def _die_within_a_line(member: Player, doom: Doom) -> None:
    doom.arm("half a line")
    with pytest.raises(Unavailable):
        await member.transact(sent(adjust(-5)))
    await member.bury()


async def _healed(clock: ManualClock, *members: Player) -> None:
    async with asyncio.timeout(60):
        while any(it.status().read_only for it in members):
            clock.advance(0.5)
            await asyncio.sleep(0.02)


async def test_a_disk_without_room_for_a_name_ends_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that tells who writes is a courtesy."""
    pwrite = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        if data.startswith(b"process "):
            raise OSError(ENOSPC, "the disk is full")
        return pwrite(fd, data, offset)

    async with members_on(tmp_path, ManualClock()) as (one, other):
        monkeypatch.setattr(os, "pwrite", full)
        assert (await one.transact(sent(count(10)))).sequence == 1
        assert (await other.transact(sent(adjust(-1)))).sequence == 2


async def test_descriptors_that_run_out_cost_a_while_and_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with members_on(tmp_path, ManualClock()) as (one, other):
        await one.transact(sent(count(10)))
        await on_hand(other)
        opens = stored.StoredSegment.__init__

        def runs_out(*_: object, **_named: object) -> None:
            raise OSError(EMFILE, "too many open files")

        monkeypatch.setattr(stored.StoredSegment, "__init__", runs_out)
        await one.transact(sent(adjust(-1)))
        with pytest.raises(Unavailable):
            await on_hand(other)
        monkeypatch.setattr(stored.StoredSegment, "__init__", opens)
        assert await on_hand(other) == 9
        assert not other.is_dead


async def test_a_log_that_is_cut_short_under_them_ends_them_all(tmp_path: Path) -> None:
    """Records that were answered are gone: nothing is written behind the hole."""
    async with members_on(tmp_path, ManualClock()) as (one, other):
        await one.transact(sent(count(10)))
        await one.transact(sent(adjust(-1)))
        await on_hand(other)
        path = config_in(tmp_path).directory / "00000000000000000001.ndjson"
        os.truncate(path, path.stat().st_size - 100)
        left = path.read_bytes()
        for member in (one, other):
            with pytest.raises(ReadOnly):
                await member.transact(sent(adjust(-1)))
            assert member.is_dead
        assert path.read_bytes() == left
