"""Taking over what others committed: all that was answered, each record once, and nothing else."""

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from surestock.engine.log import LogConfig, LogObserver
from surestock.engine.log.core import WriteCore
from surestock.engine.log.shared import following, reading
from surestock.engine.log.shared.following import Following
from surestock.inventory.model import StockKey
from surestock.inventory.unavailable import ReadOnly
from surestock.journal.errors import JournalDamaged
from surestock.journal.frontier_page import FrontierPage
from surestock.journal.position import LogPosition
from surestock.journal.scan import Scan
from surestock.kit.clock import SystemClock
from surestock.kit.ids import IdSource
from tests.engine.log.bench import adjust, count, engine_on, reserve, sent
from tests.journal.logs import move_to_archive

KEY: StockKey = ("s1", "apple")
LAST = 6


class Follower(LogObserver):
    """A log of six records that another process wrote, and one that follows it from its start."""

    def __init__(self, root: Path) -> None:
        self.config = LogConfig(root / "event-log")
        self.counts: list[int] = []
        self.failures: list[BaseException] = []
        self.core = WriteCore(self.config, SystemClock(), IdSource(), self)
        self.following = Following(self.core, self.config, self, self.failures.append)

    async def write(self, at_once: int = 0) -> None:
        """Write six records, a line each; and so many more in one line."""
        async with engine_on(self.config.directory) as engine:
            for command in (count(50), adjust(1), adjust(2), adjust(3), reserve(4, ttl_s=60)):
                await engine.transact(sent(command))
            await engine.transact(sent(adjust(5), "keyed"))
            await asyncio.gather(*(engine.transact(sent(adjust(1))) for _ in range(at_once)))
        self.page = FrontierPage(self.config.directory)
        scan = Scan(self.config.directory)
        self.positions = [scan.end, *(scan.end for _ in scan)]
        self.following.start(self.page, self.positions[0])

    def followed(self, records: int) -> None:
        self.counts.append(records)

    def tell(self, sequence: int) -> None:
        """Tell that the log is durable up to a record."""
        self.page.write(self.positions[sequence])

    def on_hand(self) -> int | None:
        level = self.core.memory.state.level(KEY)
        return None if level is None else level.on_hand


@pytest.fixture
async def follower(tmp_path: Path) -> AsyncIterator[Follower]:
    made = Follower(tmp_path)
    await made.write()
    yield made
    made.page.close()


async def test_nothing_is_read_before_anything_is_told(follower: Follower) -> None:
    await follower.following.fresh()
    assert follower.core.sequence == 0
    assert follower.counts == []


@pytest.mark.parametrize("sequence", range(1, LAST + 1))
async def test_exactly_what_is_told_is_applied(follower: Follower, sequence: int) -> None:
    follower.tell(sequence)
    await follower.following.fresh()
    assert follower.core.sequence == sequence
    assert follower.on_hand() == [None, 50, 51, 53, 56, 56, 61][sequence]
    assert follower.following.position == follower.positions[sequence]


async def test_each_record_is_applied_once_however_often_it_is_told(follower: Follower) -> None:
    for sequence in (2, 2, 3, 5, 5, LAST, LAST):
        follower.tell(sequence)
        await follower.following.fresh()
        await follower.following.fresh()
    assert sum(follower.counts) == LAST
    assert follower.on_hand() == 61


async def test_those_who_read_at_once_follow_the_log_together(follower: Follower) -> None:
    follower.tell(LAST)
    await asyncio.gather(*(follower.following.fresh() for _ in range(20)))
    assert sum(follower.counts) == LAST
    assert follower.core.sequence == LAST


async def test_what_is_followed_is_known_as_if_it_was_decided_here(follower: Follower) -> None:
    follower.tell(LAST)
    await follower.following.fresh()
    memory = follower.core.memory
    key = sent(adjust(5), "keyed").idempotency
    assert key is not None
    assert memory.knows(key)
    (held,) = memory.state.active()
    assert held.expires_at is not None
    assert list(memory.durable.due(KEY, held.expires_at)) == [held]


async def test_a_reader_that_gives_up_costs_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_RECORDS_A_TURN", 1)
    follower = Follower(tmp_path)
    await follower.write(at_once=20)
    follower.tell(-1)
    for _ in range(40):
        reading = asyncio.get_running_loop().create_task(follower.following.fresh())
        await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
    await follower.following.fresh()
    assert follower.counts == [1] * LAST + [20]
    assert follower.on_hand() == 81
    assert follower.failures == []
    follower.page.close()


async def test_a_line_of_which_a_part_is_applied_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_RECORDS_A_TURN", 1)
    follower = Follower(tmp_path)
    await follower.write(at_once=20)
    follower.tell(-1)
    reading = asyncio.get_running_loop().create_task(follower.following.fresh())
    while (follower.on_hand() or 0) < 70:  # noqa: ASYNC110 - what happens here sets no event
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    assert follower.core.sequence == LAST
    await follower.following.fresh()
    assert (follower.core.sequence, follower.on_hand()) == (LAST + 20, 81)
    follower.page.close()


async def test_much_is_read_in_parts_each_from_where_the_last_ended(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = []

    def read(config: LogConfig, begin: LogPosition, told: LogPosition) -> object:
        begins.append(begin)
        return reading.read_lines(config, begin, told)

    monkeypatch.setattr(following, "read_lines", read)
    monkeypatch.setattr(reading, "_MOST_BYTES", 1)
    follower.tell(LAST)
    await follower.following.fresh()
    assert begins == follower.positions[:LAST]
    assert follower.counts == [1] * LAST


async def test_a_log_that_is_archived_meanwhile_is_followed_all_the_same(
    follower: Follower,
) -> None:
    follower.tell(3)
    await follower.following.fresh()
    move_to_archive(follower.config.directory, follower.config.archive, 1)
    follower.tell(LAST)
    await follower.following.fresh()
    assert follower.on_hand() == 61


async def test_while_this_process_writes_it_waits_for_its_own_record(follower: Follower) -> None:
    await follower.following.begin(follower.positions[3])
    assert follower.core.sequence == 3
    follower.tell(4)
    reading = asyncio.get_running_loop().create_task(follower.following.fresh())
    await asyncio.sleep(0.01)
    assert not reading.done()
    assert follower.counts == [1, 1, 1]
    follower.core.sequence = 4
    follower.core.followers.wake()
    await reading


async def test_after_its_turn_a_process_follows_from_where_that_ended(follower: Follower) -> None:
    await follower.following.begin(follower.positions[3])
    follower.following.end(follower.positions[3])
    follower.tell(LAST)
    await follower.following.fresh()
    assert follower.on_hand() == 61
    assert sum(follower.counts) == LAST


async def test_who_has_stopped_knows_what_it_knew(follower: Follower) -> None:
    follower.following.stop()
    follower.tell(LAST)
    await follower.following.fresh()
    assert follower.core.sequence == 0


async def test_a_log_that_cannot_be_trusted_is_not_read_on(follower: Follower) -> None:
    (segment,) = follower.config.directory.glob("*.ndjson")
    segment.write_bytes(segment.read_bytes().replace(b'"delta":3', b'"delta":4'))
    follower.tell(LAST)
    with pytest.raises(ReadOnly):
        await follower.following.fresh()
    assert [type(it) for it in follower.failures] == [JournalDamaged]
    assert follower.core.sequence < 4


async def test_a_disk_that_fails_ends_the_process(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(following, "read_lines", broken)
    follower.tell(LAST)
    with pytest.raises(ReadOnly):
        await follower.following.fresh()
    assert len(follower.failures) == 1
