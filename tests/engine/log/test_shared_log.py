"""Opening a shared log: the first process makes it sound, later ones read what it tells of."""

import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import json

from surestock.engine.log.shared import log as shared_log
from surestock.journal import frontier_page
from surestock.journal.errors import JournalError, JournalHeld, LockStuck
from surestock.journal.position import LogPosition
from surestock.journal.writer_lock import WriterLock
from tests.engine.log.bench import adjust, engine_on, sent
from tests.engine.log.opening import TORN, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.fill()
    yield made
    made.close()


async def test_the_first_process_recovers_the_log_and_tells_how_far_it_is_durable(
    house: House,
) -> None:
    house.leave(TORN)
    log, sequence, position = house.start()
    assert sequence == 3
    assert log.page.read() == position
    assert position.end == house.segment.stat().st_size
    assert len(house.torn) == 1
    assert log.lock.signed_by().startswith(f"process {os.getpid()} on ")
    assert log.lock.try_take()


async def test_an_empty_log_is_told_of_too(tmp_path: Path) -> None:
    house = House(tmp_path / "new")
    log, sequence, _ = house.start()
    assert sequence == 0
    assert log.page.read() == LogPosition()
    assert house.start()[1] == 0
    house.close()


async def test_a_later_process_reads_up_to_the_frontier_and_touches_nothing_behind_it(
    house: House,
) -> None:
    first, _, position = house.start()
    house.leave(TORN)
    assert first.lock.try_take()
    # Somebody is in the middle of writing that line; a process that starts does not wait for him.
    later, sequence, read = house.start()
    assert (sequence, read) == (3, position)
    assert later.page.read() == position
    assert house.torn == []
    assert house.segment.read_bytes().endswith(TORN)


async def test_after_a_boot_the_next_process_recovers_the_log_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.start()
    house.close()
    house.leave(TORN)
    monkeypatch.setattr(frontier_page, "boot_id", lambda: "0" * 32)
    assert house.start()[1] == 3
    assert len(house.torn) == 1


async def test_after_a_process_that_had_the_log_for_itself_it_is_recovered_again(
    house: House,
) -> None:
    house.start()
    house.close()
    async with engine_on(house.directory) as engine:
        await engine.transact(sent(adjust(3)))
    log, sequence, position = house.start()
    assert sequence == 4
    assert log.page.read() == position


async def test_a_log_is_shared_or_one_process_has_it(house: House) -> None:
    house.comes()
    with pytest.raises(JournalHeld):
        async with engine_on(house.directory):
            pass
    house.close()
    async with engine_on(house.directory):
        with pytest.raises(JournalHeld):
            house.comes()


async def test_while_somebody_else_recovers_it_a_process_waits_and_takes_that_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, other = house.comes(), house.comes()
    assert other.lock.try_take()
    waits, sleep, here = 0, time.sleep, threading.current_thread()

    def wait(seconds: float) -> None:
        nonlocal waits
        if threading.current_thread() is not here:
            sleep(seconds)
            return
        waits += 1
        if waits == 3:
            other.lock.release()
            house.start(other)
            house.leave(TORN)

    monkeypatch.setattr(time, "sleep", wait)
    assert house.start(log)[1] == 3
    assert waits == 3
    assert house.torn == []


async def test_a_lock_that_nobody_lets_go_of_is_told_with_who_has_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_log, "_RECOVERED_WITHIN_S", 0.02)
    monkeypatch.setattr(shared_log, "_LOOK_EVERY_S", 0.01)
    stuck = WriterLock(house.directory)
    assert stuck.try_take()
    stuck.sign()
    with pytest.raises(LockStuck, match=f"written by process {os.getpid()} on "):
        house.start()
    stuck.close()
    assert house.start()[1] == 3


async def test_a_recovery_that_fails_lets_go_of_the_lock_and_tells_nothing(house: House) -> None:
    sound = house.segment.read_bytes()
    house.segment.write_bytes(sound.replace(b'"delta":1', b'"delta":7'))
    log = house.comes()
    with pytest.raises(JournalError):
        house.start(log)
    assert log.page.read() is None
    assert log.lock.try_take()


@pytest.mark.parametrize("later", [False, True])
async def test_a_log_that_has_lost_what_others_saw_is_refused(house: House, *, later: bool) -> None:
    if later:
        house.start()
    house.config.central.mkdir()
    (house.config.central / "checkpoint.json").write_bytes(json.encode({"sequence": 4}))
    with pytest.raises(JournalError, match="record 4 was durable"):
        house.start()


async def test_what_is_closed_holds_nothing(house: House) -> None:
    house.start()
    assert _descriptors(house.directory) > 0
    house.close()
    assert _descriptors(house.directory) == 0
    async with engine_on(house.directory) as engine:
        assert engine.status().sequence == 3


def _descriptors(directory: Path) -> int:
    """Return how many files of a folder this process has open; others come and go meanwhile."""
    opened = (os.path.realpath(link) for link in Path("/proc/self/fd").iterdir())
    return sum(path.startswith(f"{directory.resolve()}/") for path in opened)
