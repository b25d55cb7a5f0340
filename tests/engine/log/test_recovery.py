"""Start: the state equals the log, and a log that cannot be trusted is refused."""

from pathlib import Path

import msgspec
import pytest

from surestock.engine.log.recovery import decode_records
from surestock.idempotency import IdempotencyConflict, make_key, row_key
from surestock.inventory.commands import CommitReservation
from surestock.journal.append import AppendConfig, Appender, Batch
from surestock.journal.errors import JournalDamaged, JournalHeld
from surestock.journal.line import encode_header
from surestock.journal.scan import Scan
from surestock.journal.segment import segment_path
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Envelope
from surestock.ledger.record import Record, encode_record
from tests.engine.log.bench import adjust, count, engine_on, reserve, sent
from tests.journal.logs import EMPTY, TS

KEY = ("s1", "apple")


def rewrite(target: Path, records: list[Record]) -> None:
    """Write ``records`` as a log of one line each, with sound checksums."""
    log = Appender(target, EMPTY, AppendConfig())
    for sequence, record in enumerate(records, 1):
        log.append(Batch(sequence, sequence, TS, [encode_record(record)]))
    log.close()


def records_of(directory: Path) -> list[Record]:
    return [record for _, commit in Scan(directory) for record in decode_records(commit.records)]


async def write_some(directory: Path) -> None:
    """A log of four records: count, reserve, adjust, commit."""
    clock = ManualClock()
    async with engine_on(directory, clock) as engine:
        await engine.transact(sent(count(10), "k1"))
        held = await engine.transact(sent(reserve(2, ttl_s=60)))
        await engine.transact(sent(adjust(5)))
        assert held.reply.reservation_id is not None
        await engine.transact(sent(CommitReservation(held.reply.reservation_id)))


async def test_state_keys_and_feed_are_there_after_a_restart(tmp_path: Path) -> None:
    await write_some(tmp_path)
    async with engine_on(tmp_path, ManualClock()) as engine:
        level = await engine.find_level(KEY)
        assert level is not None
        assert (level.on_hand, level.reserved, level.version) == (13, 0, 4)
        repeat = await engine.transact(sent(count(10), "k1"))
        assert (repeat.replayed, repeat.sequence) == (True, 1)
        assert [it.sequence for it in await engine.records(0, 10)] == [1, 2, 3, 4]
        assert (await engine.transact(sent(adjust(1)))).sequence == 5
    assert [record.sequence for record in records_of(tmp_path)] == [1, 2, 3, 4, 5]


async def test_replay_never_looks_at_the_clock(tmp_path: Path) -> None:
    await write_some(tmp_path)
    late = ManualClock()
    late.advance(10 * 365 * 86_400)
    async with engine_on(tmp_path, late) as engine:
        level = await engine.find_level(KEY)
        assert level is not None
        assert (level.on_hand, level.reserved, level.version) == (13, 0, 4)


async def test_a_reservation_that_ran_out_while_the_service_was_down_does_not_count(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with engine_on(tmp_path, clock) as engine:
        await engine.transact(sent(count(10)))
        await engine.transact(sent(reserve(10, ttl_s=60)))
    clock.advance(61)
    async with engine_on(tmp_path, clock) as engine:
        level = await engine.find_level(KEY)
        assert level is not None
        assert (level.available, level.version) == (10, 2)
        assert await engine.expire_due() == 1
        level = await engine.find_level(KEY)
        assert level is not None
        assert (level.available, level.version) == (10, 3)
        assert await engine.expire_due() == 0


async def test_a_record_whose_id_is_in_the_log_already_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    await write_some(tmp_path / "a")
    records = records_of(tmp_path / "a")
    twice = [*records, msgspec.structs.replace(records[2], sequence=5)]
    rewrite(tmp_path / "b", twice)
    async with engine_on(tmp_path / "b", ManualClock()) as engine:
        level = await engine.find_level(KEY)
        assert level is not None
        assert (level.on_hand, level.version) == (13, 4)
        assert engine.status().sequence == 5


@pytest.mark.parametrize(
    "lie",
    [
        {"on_hand": 99},
        {"reserved": 1},
        {"version": 7},
        {"sku": "pear"},
    ],
)
async def test_a_record_whose_levels_do_not_follow_from_its_events_is_refused(
    tmp_path: Path, lie: dict[str, int | str]
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    await write_some(tmp_path / "a")
    records = records_of(tmp_path / "a")
    level = msgspec.structs.replace(records[2].levels[0], **lie)
    records[2] = msgspec.structs.replace(records[2], levels=(level,))
    rewrite(tmp_path / "b", records)
    with pytest.raises(JournalDamaged, match="line 4"):
        async with engine_on(tmp_path / "b"):
            pass


async def test_an_event_that_cannot_follow_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    await write_some(tmp_path / "a")
    records = records_of(tmp_path / "a")
    del records[1]
    renumbered = [msgspec.structs.replace(it, sequence=n) for n, it in enumerate(records, 1)]
    rewrite(tmp_path / "b", renumbered)
    with pytest.raises(JournalDamaged):
        async with engine_on(tmp_path / "b"):
            pass


async def test_a_refused_log_is_let_go_of_and_left_as_it_is(tmp_path: Path) -> None:
    await write_some(tmp_path)
    (segment,) = tmp_path.glob("*.ndjson")
    damaged = segment.read_bytes().replace(b'"delta":5', b'"delta":6')
    segment.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(JournalDamaged, match="checksum"):
            async with engine_on(tmp_path):
                pass
    assert segment.read_bytes() == damaged


async def test_a_second_engine_on_one_directory_is_refused(tmp_path: Path) -> None:
    async with engine_on(tmp_path):
        with pytest.raises(JournalHeld, match="in use by process"):
            async with engine_on(tmp_path):
                pass


async def test_a_segment_with_nothing_but_its_header_is_written_on(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(10)))
    scan = Scan(tmp_path)
    (_, commit), *_ = scan
    # As a crash between a segment and its first line leaves it.
    header, _ = encode_header(commit.crc, 2, TS)
    segment_path(tmp_path, 2).write_bytes(header)
    for sequence in (2, 3):
        async with engine_on(tmp_path) as engine:
            assert (await engine.transact(sent(adjust(1)))).sequence == sequence
    assert [record.sequence for record in records_of(tmp_path)] == [1, 2, 3]
    assert len(list(tmp_path.glob("*.ndjson"))) == 2


@pytest.mark.parametrize("header", [b"", b'{"crc":"'])
async def test_a_segment_without_a_whole_header_is_removed_and_the_log_goes_on(
    tmp_path: Path, header: bytes
) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(count(10)))
    segment_path(tmp_path, 2).write_bytes(header)
    for sequence in (2, 3):
        async with engine_on(tmp_path) as engine:
            assert (await engine.transact(sent(adjust(1)))).sequence == sequence
    assert [record.sequence for record in records_of(tmp_path)] == [1, 2, 3]


async def test_a_batch_key_is_bound_after_a_restart_too(tmp_path: Path) -> None:
    batch = make_key("tests", "POST", "/batch", "b", "f")
    row = row_key(batch, 1)
    async with engine_on(tmp_path) as engine:
        await engine.transact(Envelope(count(10), "tests", "request-1", row))
    async with engine_on(tmp_path) as engine:
        assert (await engine.transact(Envelope(count(10), "tests", "request-2", row))).replayed
        with pytest.raises(IdempotencyConflict):
            await engine.check_batch(make_key("tests", "POST", "/batch", "b", "other"))
