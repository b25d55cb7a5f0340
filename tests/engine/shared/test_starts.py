"""Starting where others are, or were: on what a dead one began, on a page of another time."""

import asyncio
import shutil
from pathlib import Path
from sys import byteorder
from uuid import UUID

import pytest

from surestock.engine.log import LogEngine
from surestock.inventory.unavailable import ReadOnly
from surestock.journal import frontier_page
from surestock.journal.errors import JournalError, JournalHeld
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Unavailable
from surestock.kit.ids import IdSource
from tests.engine.log.bench import adjust, count, sent
from tests.engine.shared.house import STEPS, Player, config_in, doomed, keep_up
from tests.engine.shared.verdict import check_members, records_in

PEAR = ("s1", "apple")


async def opened(root: Path, clock: ManualClock) -> Player:
    member = Player(config_in(root), clock)
    await member.start()
    return member


async def a_log(root: Path, clock: ManualClock, records: int) -> None:
    member = await opened(root, clock)
    await member.transact(sent(count(100), "first"))
    for number in range(1, records):
        await member.transact(sent(adjust(-1), f"sale-{number}"))
    await member.bury()


async def starts_and_goes_on(root: Path, clock: ManualClock, records: int) -> None:
    """Start two; what is there is there, and what comes next follows it."""
    one, other = await opened(root, clock), await opened(root, clock)
    for sequence in range(records + 1, records + 5):
        writer = (one, other)[sequence % 2]
        assert (await writer.transact(sent(adjust(-1)))).sequence == sequence
    assert (await other.transact(sent(count(100), "first"))).replayed
    await check_members(root, [one, other])
    await one.bury()
    await other.bury()


async def sells_on(member: Player) -> None:
    for _ in range(20):
        await member.transact(sent(adjust(-1)))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kept_up", [0, 1, 2])
async def test_what_a_dead_one_left_stops_nobody_from_starting(
    tmp_path: Path, step: str, kept_up: int
) -> None:
    """The segments before one that it began are sealed by that: snapshots have them, archives."""
    clock, config = ManualClock(), config_in(tmp_path)
    with doomed() as doom:
        first = await opened(tmp_path, clock)
        await first.transact(sent(count(100), "first"))
        for number in range(8):
            await first.transact(sent(adjust(-1)))
            if number == 5 and kept_up:
                keep_up(config, clock)
        doom.arm(step)
        with pytest.raises(Unavailable):
            await sells_on(first)
        await first.bury()
    for _ in range(kept_up):
        keep_up(config, clock)
    second = await opened(tmp_path, clock)
    left = len(records_in(tmp_path))
    answer = await second.transact(sent(adjust(-1)))
    assert left <= answer.sequence <= left + 1
    await check_members(tmp_path, [second])
    await second.bury()
    await starts_and_goes_on(tmp_path, clock, answer.sequence)


async def test_a_page_of_another_boot_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    await a_log(tmp_path, clock, 4)
    page = (tmp_path / "event-log" / "frontier").read_bytes()
    await a_log_goes_on(tmp_path, clock)
    (tmp_path / "event-log" / "frontier").write_bytes(page)
    monkeypatch.setattr(frontier_page, "boot_id", lambda: str(UUID(int=7)))
    await starts_and_goes_on(tmp_path, clock, 8)


async def a_log_goes_on(root: Path, clock: ManualClock) -> None:
    member = await opened(root, clock)
    for _ in range(4):
        await member.transact(sent(adjust(-1)))
    await member.bury()


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"\xff" * 4096, b"x" * 100])
async def test_a_page_of_garbage_is_not_believed(tmp_path: Path, content: bytes) -> None:
    clock = ManualClock()
    await a_log(tmp_path, clock, 5)
    (tmp_path / "event-log" / "frontier").write_bytes(content)
    await starts_and_goes_on(tmp_path, clock, 5)


async def test_a_page_that_tells_less_than_there_is_loses_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    await a_log(tmp_path, clock, 4)
    page = (tmp_path / "event-log" / "frontier").read_bytes()
    await a_log_goes_on(tmp_path, clock)
    (tmp_path / "event-log" / "frontier").write_bytes(page)
    one = await opened(tmp_path, clock)
    assert (await one.transact(sent(adjust(-1)))).sequence == 9
    await check_members(tmp_path, [one])
    await one.bury()


async def test_a_log_shorter_than_the_page_tells_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A backup that was put back while the machine ran: records that were answered are missing."""
    clock = ManualClock()
    await a_log(tmp_path, clock, 5)
    shutil.copytree(tmp_path / "event-log", tmp_path / "backup")
    await a_log_goes_on(tmp_path, clock)
    for path in (tmp_path / "event-log").glob("*.ndjson"):
        path.unlink()
    for path in (tmp_path / "backup").glob("*.ndjson"):
        shutil.copy(path, tmp_path / "event-log")
    with pytest.raises(JournalError):
        await opened(tmp_path, clock)
    assert len(records_in(tmp_path)) == 5
    (tmp_path / "event-log" / "frontier").unlink()
    await starts_and_goes_on(tmp_path, clock, 5)


async def test_one_that_has_the_log_for_itself_in_between_is_followed(tmp_path: Path) -> None:
    """The page that the members left is gone with its start, whatever becomes of it."""
    clock, config = ManualClock(), config_in(tmp_path)
    await a_log(tmp_path, clock, 4)
    alone = LogEngine(config, clock, IdSource())
    await alone.start()
    with pytest.raises(JournalHeld):
        await Player(config, clock).start()
    for _ in range(3):
        await alone.transact(sent(adjust(-1)))
    assert not (config.directory / "frontier").exists()
    await alone.close()
    await starts_and_goes_on(tmp_path, clock, 7)
    again = LogEngine(config, clock, IdSource())
    await again.start()
    assert (await again.transact(sent(adjust(-1)))).sequence == 12
    await again.close()


async def test_one_alone_is_refused_while_members_are_there(tmp_path: Path) -> None:
    clock, config = ManualClock(), config_in(tmp_path)
    member = await opened(tmp_path, clock)
    with pytest.raises(JournalHeld):
        await LogEngine(config, clock, IdSource()).start()
    assert (config.directory / "frontier").exists()
    assert (await member.transact(sent(count(1)))).sequence == 1
    await member.bury()


@pytest.mark.parametrize("name", ["writer", "frontier", "owner"])
async def test_a_file_of_theirs_that_is_removed_never_lets_two_of_them_write(
    tmp_path: Path, name: str
) -> None:
    """Who has the old file finds that out, and ends; what was acknowledged is in the log."""
    clock, config = ManualClock(), config_in(tmp_path)
    one, other = await opened(tmp_path, clock), await opened(tmp_path, clock)
    accepted = [(await one.transact(sent(count(100)))).sequence]
    (config.directory / name).unlink()
    third = await opened(tmp_path, clock)
    for _ in range(5):
        tasks = [it.transact(sent(adjust(-1))) for it in (one, other, third)]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                assert isinstance(answer, Unavailable)
            else:
                accepted.append(answer.sequence)
    assert sorted(accepted) == list(range(1, len(accepted) + 1))
    assert len(records_in(tmp_path)) == len(accepted)
    for member in (one, other):
        if name == "owner":
            assert not member.is_dead
        else:
            with pytest.raises(ReadOnly):
                await member.transact(sent(adjust(-1)))
    for member in (one, other, third):
        await member.bury()


async def test_a_wish_of_another_boot_is_not_listened_to(tmp_path: Path) -> None:
    """Its time is of a clock that has begun anew: it would be wanted for as long as that ran."""
    clock = ManualClock()
    await a_log(tmp_path, clock, 2)
    path = tmp_path / "event-log" / "frontier"
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    content[128:136] = (10**18).to_bytes(8, byteorder)
    path.write_bytes(bytes(content))
    member = await opened(tmp_path, clock)
    assert (await member.transact(sent(adjust(-1)))).sequence == 3
    assert not member._turns._is_wanted()  # noqa: SLF001 - what it would give way to
    await member.bury()


@pytest.mark.parametrize("left", ["sound", "torn"])
async def test_all_start_at_once_on_what_one_alone_left(tmp_path: Path, left: str) -> None:
    """One of them recovers the log, and cuts off what is torn; the others wait for that."""
    clock, config = ManualClock(), config_in(tmp_path)
    alone = LogEngine(config, clock, IdSource())
    await alone.start()
    await alone.transact(sent(count(100), "first"))
    await alone.transact(sent(adjust(-1)))
    if left == "torn":
        with doomed() as doom:
            doom.arm("half a line")
            with pytest.raises(Unavailable):
                await alone.transact(sent(adjust(-1)))
    await alone.close()
    members = [Player(config, clock) for _ in range(4)]
    await asyncio.gather(*(member.start() for member in members))
    answers = await asyncio.gather(*(it.transact(sent(adjust(-1))) for it in members))
    assert sorted(it.sequence for it in answers) == [3, 4, 5, 6]
    await check_members(tmp_path, list(members))
    for member in members:
        await member.bury()
