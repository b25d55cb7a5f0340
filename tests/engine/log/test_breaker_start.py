"""A start on a full disk: what can be read is served, what has to be repaired waits."""

import errno
import shutil
from pathlib import Path

import pytest

from surestock.inventory.unavailable import ReadOnly
from surestock.journal.errors import JournalError
from surestock.kit.clock import ManualClock
from tests.engine.log.ailing import THREE, Watching, fail, kept, until, until_it_is
from tests.engine.log.bench import adjust, count, engine_on, sent
from tests.engine.log.test_failing_disk import on_hand
from tests.engine.log.test_group_commit import KEY, answer_of
from tests.faults.plan import no_room
from tests.journal.logs import failing

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
TORN = b'{"crc":"0000'


async def log_with_a_torn_tail(directory: Path) -> Path:
    """Write a log of two records and half a line; return its segment."""
    async with engine_on(directory) as engine:
        await engine.transact(sent(count(10)))
        await engine.transact(sent(adjust(-1)))
    (segment,) = directory.glob("*.ndjson")
    with segment.open("ab") as log:
        log.write(TORN)
    return segment


async def test_a_torn_tail_that_cannot_be_set_aside_lets_reads_go_on(tmp_path: Path) -> None:
    segment = await log_with_a_torn_tail(tmp_path)
    whole = segment.read_bytes()
    for _ in range(2):
        with no_room("file.write"):
            async with engine_on(tmp_path, ManualClock(), breaker=THREE) as engine, kept(engine):
                assert on_hand(await engine.find_level(KEY)) == 9
                assert len(await engine.records(0, 10)) == 2
                refused = await answer_of(engine.transact(sent(adjust(-1))))
                assert isinstance(refused, ReadOnly)
                status = engine.status()
                assert (status.breaker, status.read_only, status.sequence) == ("open", True, 2)
                (reason,) = status.reasons
                assert reason.startswith("the log ends in a torn tail that has to be set aside: ")
                assert reason.endswith("; it is tried every 0.05 s and used again once that works")
        # A death in that state changes nothing: the next start finds what this one found.
        assert segment.read_bytes() == whole


async def test_once_there_is_room_the_tail_is_set_aside_and_the_log_goes_on(tmp_path: Path) -> None:
    segment = await log_with_a_torn_tail(tmp_path)
    clock, told = ManualClock(), Watching()
    with no_room("file.write"):
        opened = engine_on(tmp_path, clock, told, breaker=THREE)
        engine = await opened.__aenter__()
    async with kept(engine):
        assert told.torn_whys == []
        clock.advance(0.05)
        await until_it_is(engine, "closed")
        assert len(told.torn_whys) == 1
        assert (await engine.transact(sent(adjust(-1)))).sequence == 3
    await opened.__aexit__(None, None, None)
    assert segment.with_name(segment.name + ".torn").read_bytes() == TORN
    async with engine_on(tmp_path) as again:
        assert on_hand(await again.find_level(KEY)) == 8


async def test_while_there_is_no_room_the_tail_stays_and_each_probe_fails(tmp_path: Path) -> None:
    segment = await log_with_a_torn_tail(tmp_path)
    clock, told = ManualClock(), Watching()
    with no_room("file.write"):
        async with engine_on(tmp_path, clock, told, breaker=THREE) as engine, kept(engine):
            clock.advance(0.05)
            await until(lambda: told.breakers[-1] == ("open", 2))
            (reason,) = engine.status().reasons
            assert reason.startswith(
                f"a torn tail of {len(TORN)} bytes cannot be set aside: No space left on device; "
            )
    assert segment.read_bytes().endswith(TORN)


async def test_a_segment_of_which_not_even_the_header_was_written_waits_too(tmp_path: Path) -> None:
    segment = await log_with_a_torn_tail(tmp_path)
    segment.write_bytes(segment.read_bytes()[: -len(TORN)])
    begun = segment.with_name(f"{3:020}.ndjson")
    begun.write_bytes(TORN)
    clock = ManualClock()
    with no_room("file.write"):
        opened = engine_on(tmp_path, clock, breaker=THREE)
        engine = await opened.__aenter__()
    assert begun.read_bytes() == TORN
    async with kept(engine):
        clock.advance(0.05)
        await until_it_is(engine, "closed")
        assert (await engine.transact(sent(adjust(-1)))).sequence == 3
    await opened.__aexit__(None, None, None)
    assert begun.with_name(begun.name + ".torn").read_bytes() == TORN
    async with engine_on(tmp_path) as again:
        assert on_hand(await again.find_level(KEY)) == 8


async def test_an_error_that_is_no_lack_of_room_still_refuses_the_start(tmp_path: Path) -> None:
    await log_with_a_torn_tail(tmp_path)
    broken = OSError(errno.EIO, "Input/output error")
    with failing("file.write", broken), pytest.raises(JournalError, match="Input/output error"):
        async with engine_on(tmp_path):
            raise AssertionError("it started")


async def test_a_probe_that_a_killed_process_left_goes_before_anything_needs_room(
    tmp_path: Path,
) -> None:
    segment = await log_with_a_torn_tail(tmp_path)
    left = tmp_path / "probe.tmp"
    shutil.copy(segment, left)

    broken = OSError(errno.EIO, "Input/output error")
    with failing("settle.fsync", broken), pytest.raises(JournalError):
        async with engine_on(tmp_path):
            raise AssertionError("it started")
    assert not left.exists()
    async with engine_on(tmp_path) as engine:
        assert (await engine.transact(sent(adjust(-1)))).sequence == 3


async def test_a_death_in_the_middle_of_a_failed_write_starts_as_any_other(tmp_path: Path) -> None:
    async with engine_on(tmp_path, breaker=THREE) as engine:
        await engine.transact(sent(count(10)))
        await fail(engine, 3)
        copy = tmp_path.with_name("copy")
        shutil.copytree(tmp_path, copy)
    async with engine_on(copy) as again:
        assert again.status().breaker == "closed"
        assert (await again.transact(sent(adjust(-1)))).sequence == 2
