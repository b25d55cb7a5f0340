"""Where a turn at a shared log begins: at the frontier, once that is where the log ends."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from surestock.journal.errors import LockReplaced
from surestock.journal.position import LogPosition
from tests.engine.log.opening import TORN, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.fill()
    yield made
    made.close()


async def test_a_turn_begins_where_the_page_says(house: House) -> None:
    log, _, position = house.start()
    house.appends(log, position)
    before = log.page.raw()
    assert log.begin(LogPosition()) == position
    assert log.page.raw() == before
    assert log.lock.signed_by().startswith(f"process {os.getpid()} on ")


async def test_a_turn_begins_by_mending_what_a_dead_writer_left(house: House) -> None:
    log, _, position = house.start()
    house.appends(log, position)
    house.leave(TORN)
    assert log.begin(LogPosition()) == position
    assert len(house.torn) == 1
    assert house.segment.stat().st_size == position.end


async def test_without_a_page_a_turn_begins_where_this_process_is_and_proves_the_rest(
    house: House,
) -> None:
    log, _, position = house.start()
    house.appends(log, position)
    (house.directory / "frontier").write_bytes(bytes(4096))
    assert log.page.read() is None
    # What this process has applied need not be proved again, even if it could not be by now.
    content = house.segment.read_bytes()
    house.segment.write_bytes(content.replace(b'"apple"', b'"APPLE"', 1) + TORN)
    assert log.begin(position) == position == log.page.read()
    assert len(house.torn) == 1


@pytest.mark.parametrize("name", ["writer", "frontier"])
async def test_a_lock_or_a_page_that_others_do_not_find_begins_no_turn(
    house: House, name: str
) -> None:
    log, _, position = house.start()
    house.appends(log, position)
    (house.directory / name).unlink()
    with pytest.raises(LockReplaced):
        log.begin(position)
    (house.directory / name).touch()
    with pytest.raises(LockReplaced):
        log.begin(position)
