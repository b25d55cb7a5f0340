"""Cutting a torn tail: set aside first, then cut, and safe to be interrupted at each step."""

import errno
import os
from pathlib import Path

import pytest

from surestock.journal.errors import NoRoom
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import Scan, TornTail
from tests.journal.logs import failing, read_log, write_log


def torn(directory: Path) -> TornTail:
    """A log of three lines whose last is cut short."""
    write_log(directory, 3)
    (segment,) = directory.glob("*.ndjson")
    segment.write_bytes(segment.read_bytes()[:-5])
    scan = Scan(directory)
    for _ in scan:
        pass
    assert scan.torn is not None
    return scan.torn


def test_the_tail_is_set_aside_before_it_is_cut(tmp_path: Path) -> None:
    tail = torn(tmp_path)
    cut_off = tail.segment.read_bytes()[tail.offset :]
    aside = cut_torn_tail(tail)
    assert aside.read_bytes() == cut_off
    assert aside.stat().st_mode & 0o777 == 0o600
    assert read_log(tmp_path) == [1, 2]


def test_the_copy_is_durable_before_the_cut_and_the_cut_before_anything_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail = torn(tmp_path)
    synced: list[tuple[str, int]] = []
    real = os.fsync

    def sync(fd: int) -> None:
        name = Path(f"/proc/self/fd/{fd}").readlink().name
        synced.append((name, tail.segment.stat().st_size))
        real(fd)

    monkeypatch.setattr(os, "fsync", sync)
    whole = tail.segment.stat().st_size
    aside = cut_torn_tail(tail)
    assert synced == [
        (aside.name, whole),
        (tmp_path.name, whole),
        (tail.segment.name, tail.offset),
    ]


@pytest.mark.parametrize(
    "failpoint", ["file.write", "repair.copy.fsync", "directory.fsync", "repair.truncate.fsync"]
)
def test_an_interrupted_repair_is_done_again_at_the_next_start(
    tmp_path: Path, failpoint: str
) -> None:
    tail = torn(tmp_path)
    cut_off = tail.segment.read_bytes()[tail.offset :]
    with (
        failing(failpoint, OSError(errno.EIO, "Input/output error")),
        pytest.raises(OSError, match="Input/output error"),
    ):
        cut_torn_tail(tail)
    assert read_log(tmp_path) == [1, 2]
    assert cut_off in (tmp_path / f"{tail.segment.name}.torn").read_bytes()


@pytest.mark.parametrize("failpoint", ["file.write", "repair.copy.fsync", "directory.fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_where_there_is_no_room_for_the_copy_nothing_is_cut_and_no_piece_is_left(
    tmp_path: Path, failpoint: str, number: int
) -> None:
    tail = torn(tmp_path)
    whole = tail.segment.read_bytes()
    aside = tmp_path / f"{tail.segment.name}.torn"
    for _ in range(3):
        with (
            failing(failpoint, OSError(number, "No space left on device")),
            pytest.raises(NoRoom, match="cannot be set aside: No space left"),
        ):
            cut_torn_tail(tail)
        assert tail.segment.read_bytes() == whole
        if failpoint != "directory.fsync":
            assert not aside.exists()
    assert cut_torn_tail(tail).read_bytes().endswith(whole[tail.offset :])
    assert read_log(tmp_path) == [1, 2]


def test_an_earlier_copy_survives_one_that_does_not_fit(tmp_path: Path) -> None:
    first = torn(tmp_path)
    aside = cut_torn_tail(first)
    earlier = aside.read_bytes()
    with first.segment.open("ab") as segment:
        segment.write(b'{"crc":"')
    with (
        failing("repair.copy.fsync", OSError(errno.ENOSPC, "No space left on device")),
        pytest.raises(NoRoom),
    ):
        cut_torn_tail(first)
    assert aside.read_bytes() == earlier


def test_a_later_tail_is_kept_beside_an_earlier_one(tmp_path: Path) -> None:
    first = torn(tmp_path)
    earlier = cut_torn_tail(first).read_bytes()
    with first.segment.open("ab") as segment:
        segment.write(b'{"crc":"')
    assert read_log(tmp_path) == [1, 2]
    aside = tmp_path / f"{first.segment.name}.torn"
    assert aside.read_bytes() == earlier + b'{"crc":"'
