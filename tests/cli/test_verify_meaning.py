"""``surestock verify`` on logs whose every checksum is right, and whose records are not."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Raw
from msgspec.structs import replace

from surestock.idempotency import IdempotencyKey
from surestock.inventory.events import (
    Event,
    ReservationCommitted,
    ReservationReleased,
    StockCounted,
    StockReserved,
)
from surestock.inventory.model import Level, Line
from surestock.inventory.reply import Reply
from surestock.ledger.record import Record
from tests.cli.command import surestock
from tests.cli.shelf import START, forge

KEY = IdempotencyKey("k", "ab" * 16, "cd" * 16)
REPLY = Reply(Raw(b"{}"))


def _record(sequence: int, event: Event, on_hand: int, reserved: int, **more: object) -> Record:
    level = Level("s1", "apple", on_hand, reserved, sequence, START)
    record = Record(sequence, f"boot-{sequence:x}", START, "till", (event,), (level,))
    return replace(record, **more)


def _count(sequence: int, on_hand: int, delta: int, **more: object) -> Record:
    return _record(sequence, StockCounted("s1", "apple", on_hand, delta), on_hand, 0, **more)


def _verify(tmp_path: Path, *records: Record, **settings: str) -> tuple[int, str]:
    forge(tmp_path / "data", records)
    result = surestock("verify", tmp_path / "data", **settings)
    return result.exit_code, result.stderr


def test_what_follows_is_clean(tmp_path: Path) -> None:
    assert _verify(tmp_path, _count(1, 5, 5), _count(2, 8, 3)) == (0, "")


def test_a_level_that_does_not_follow_from_its_events_is_found(tmp_path: Path) -> None:
    wrong = _record(2, StockCounted("s1", "apple", 8, 3), 9, 0)
    code, said = _verify(tmp_path, _count(1, 5, 5), wrong)
    assert code == 1
    assert f"{1:020d}.ndjson, line 3, byte " in said
    assert "record 2 says" in said


def test_stock_below_zero_is_found(tmp_path: Path) -> None:
    code, said = _verify(tmp_path, _count(1, 5, 5), _count(2, -1, -6))
    assert code == 1
    assert "impossible level" in said


def test_a_key_that_was_carried_out_twice_is_found(tmp_path: Path) -> None:
    twice = [_count(n, n, 1, idempotency=KEY, reply=REPLY) for n in (1, 2)]
    code, said = _verify(tmp_path, *twice)
    assert code == 1
    assert "record 2 repeats an idempotency key that was answered 0.000 s before" in said


@pytest.mark.parametrize(("seconds", "code"), [(59, 1), (60, 0)])
def test_a_key_may_come_again_once_its_time_is_over(
    tmp_path: Path, seconds: int, code: int
) -> None:
    later = START + timedelta(seconds=seconds)
    level = Level("s1", "apple", 2, 0, 2, later)
    second = _count(2, 2, 1, idempotency=KEY, reply=REPLY, ts=later, levels=(level,))
    first = _count(1, 1, 1, idempotency=KEY, reply=REPLY)
    assert _verify(tmp_path, first, second, IDEMP_TTL_MS="60000")[0] == code


def test_a_key_is_remembered_however_many_come_after_it(tmp_path: Path) -> None:
    def keyed(sequence: int, digest: str, second: int) -> Record:
        at = START + timedelta(seconds=second)
        level = Level("s1", "apple", sequence, 0, sequence, at)
        key = replace(KEY, digest=digest * 16)
        return _count(sequence, sequence, 1, idempotency=key, reply=REPLY, ts=at, levels=(level,))

    records = [keyed(1, "01", 0), keyed(2, "02", 50), keyed(3, "03", 60), keyed(4, "02", 109)]
    code, said = _verify(tmp_path, *records, IDEMP_TTL_MS="60000")
    assert code == 1
    assert "record 4 repeats an idempotency key that was answered 59.000 s before" in said


def test_the_rows_of_a_batch_share_its_key_and_are_no_repeats(tmp_path: Path) -> None:
    rows = [replace(KEY, digest=digest * 16, batch="ee" * 16) for digest in ("01", "02")]
    records = [_count(n, n, 1, idempotency=key, reply=REPLY) for n, key in enumerate(rows, 1)]
    assert _verify(tmp_path, *records) == (0, "")


def test_a_record_that_was_appended_twice_is_applied_once_and_is_no_damage(
    tmp_path: Path,
) -> None:
    first = _count(1, 5, 5, idempotency=KEY, reply=REPLY)
    again = replace(first, sequence=2)
    code, said = _verify(tmp_path, first, again)
    assert code == 0
    assert "damaged" not in said


@pytest.mark.parametrize(
    ("end", "on_hand", "reserved"),
    [
        (ReservationReleased("r", (Line("s1", "apple", 2),)), 9, 1),
        (ReservationCommitted("r", (Line("s1", "apple", 2),)), 7, 1),
    ],
)
def test_a_reservation_that_ends_with_other_units_than_it_held_is_found(
    tmp_path: Path, end: Event, on_hand: int, reserved: int
) -> None:
    """Level by level all is well, but one unit would stay reserved for nobody, for ever."""
    made = _record(2, StockReserved("r", (Line("s1", "apple", 3),)), 9, 3)
    code, said = _verify(tmp_path, _count(1, 9, 9), made, _record(3, end, on_hand, reserved))
    assert code == 1
    assert "of reservation r" in said


def test_a_part_committed_and_the_rest_released_is_clean(tmp_path: Path) -> None:
    made = _record(2, StockReserved("r", (Line("s1", "apple", 3),)), 9, 3)
    part = ReservationCommitted("r", (Line("s1", "apple", 2),), (Line("s1", "apple", 1),))
    assert _verify(tmp_path, _count(1, 9, 9), made, _record(3, part, 7, 0)) == (0, "")
