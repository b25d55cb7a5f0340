"""Appending: one line a batch, durable before it is told, and honest when the disk fails."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from surestock.journal.append import AppendConfig, Appender, LogEnd
from surestock.journal.errors import SyncFailed, WriteFailed
from surestock.journal.scan import Scan
from surestock.journal.segment import first_of, list_segments
from tests.journal.logs import EMPTY, batch, failing, read_log, write_log

FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")


def appender(directory: Path, end: LogEnd = EMPTY, **settings: int) -> tuple[Appender, list[float]]:
    """An appender whose pauses are collected and not waited for."""
    pauses: list[float] = []
    config = AppendConfig(**{"segment_bytes": 1 << 20, "retry_times": 2, **settings})
    return Appender(directory, end, config, sleep=pauses.append), pauses


def test_a_batch_is_one_line_however_many_records_it_holds(tmp_path: Path) -> None:
    log, _ = appender(tmp_path)
    place = log.append(batch(1, 40))
    assert place.line == 2
    assert read_log(tmp_path) == list(range(1, 41))
    (segment,) = tmp_path.glob("*.ndjson")
    assert segment.read_bytes().count(b"\n") == 2


def test_each_line_is_synced_before_it_is_told_and_a_segment_before_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("pwrite", "fdatasync", "fsync"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name), calls))
    log, _ = appender(tmp_path)
    log.append(batch(1))
    assert calls == ["pwrite", "fdatasync", "fsync", "pwrite", "fdatasync"]
    calls.clear()
    log.append(batch(2))
    assert calls == ["pwrite", "fdatasync"]


def noted(name: str, real: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    """Return ``real``, whose calls are noted by ``name``."""

    def call(*arguments: Any) -> Any:
        calls.append(name)
        return real(*arguments)

    return call


def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    write_log(tmp_path, 1)
    (segment,) = tmp_path.glob("*.ndjson")
    assert segment.stat().st_mode & 0o777 == 0o600


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    scan = Scan(tmp_path)
    *_, (place, commit) = scan
    log, _ = appender(tmp_path, LogEnd(place.segment, place.offset + place.length, commit.crc))
    log.append(batch(4))
    assert read_log(tmp_path) == [1, 2, 3, 4]


def test_segments_rotate_by_size_and_stay_one_chain(tmp_path: Path) -> None:
    write_log(tmp_path, 100, segment_bytes=1000)
    segments = sorted(tmp_path.glob("*.ndjson"))
    assert len(segments) > 5
    assert all(segment.stat().st_size < 1200 for segment in segments)
    assert read_log(tmp_path) == list(range(1, 101))


def test_segments_rotate_by_records_too(tmp_path: Path) -> None:
    log, _ = appender(tmp_path, segment_records=10)
    for first in range(1, 50, 4):
        log.append(batch(first, first + 3))
    log.close()
    assert [first_of(segment) for segment in list_segments(tmp_path)] == [1, 13, 25, 37, 49]
    assert read_log(tmp_path) == list(range(1, 53))


def test_the_records_of_a_segment_are_counted_on_after_a_restart(tmp_path: Path) -> None:
    write_log(tmp_path, 7)
    for sequence in range(8, 12):
        scan = Scan(tmp_path)
        *_, (place, commit) = scan
        end = LogEnd(place.segment, place.offset + place.length, commit.crc, place.line)
        log, _ = appender(tmp_path, end, segment_records=10)
        log.append(batch(sequence))
        log.close()
    assert [first_of(segment) for segment in list_segments(tmp_path)] == [1, 11]
    assert read_log(tmp_path) == list(range(1, 12))


def test_a_batch_that_failed_in_a_full_segment_is_followed_in_the_next_one(tmp_path: Path) -> None:
    log, _ = appender(tmp_path, segment_records=2)
    log.append(batch(1, 2))
    with failing("journal.write", FULL, times=3), pytest.raises(WriteFailed):
        log.append(batch(3, 7))
    log.append(batch(3))
    log.append(batch(4))
    log.append(batch(5))
    assert [first_of(segment) for segment in list_segments(tmp_path)] == [1, 3, 5]
    assert read_log(tmp_path) == [1, 2, 3, 4, 5]


def test_a_failed_write_is_tried_again_and_leaves_no_trace(tmp_path: Path) -> None:
    log, pauses = appender(tmp_path)
    log.append(batch(1))
    with failing("journal.write", FULL, times=2):
        log.append(batch(2))
    assert len(pauses) == 2
    assert read_log(tmp_path) == [1, 2]


def test_a_short_write_is_truncated_before_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = appender(tmp_path)
    log.append(batch(1))
    real = os.pwrite
    shorts = [10, 25]

    def short(fd: int, line: bytes, offset: int) -> int:
        return real(fd, line[: shorts.pop()] if shorts else line, offset)

    monkeypatch.setattr(os, "pwrite", short)
    log.append(batch(2))
    assert not shorts
    assert read_log(tmp_path) == [1, 2]


def test_the_rest_of_a_longer_line_that_failed_is_never_behind_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = appender(tmp_path, retry_times=0)
    log.append(batch(1))
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, line, offset: real(fd, line[:-1], offset))
    with pytest.raises(WriteFailed):
        log.append(batch(2, 40))
    monkeypatch.setattr(os, "pwrite", real)
    log.append(batch(2))
    (segment,) = tmp_path.glob("*.ndjson")
    assert segment.read_bytes().count(b"\n") == 3
    assert segment.read_bytes().endswith(b"\n")
    assert read_log(tmp_path) == [1, 2]


def test_when_retries_are_used_up_the_batch_fails_and_the_next_one_may_succeed(
    tmp_path: Path,
) -> None:
    log, _ = appender(tmp_path)
    log.append(batch(1))
    with failing("journal.write", FULL, times=3), pytest.raises(WriteFailed, match="No space"):
        log.append(batch(2))
    assert read_log(tmp_path) == [1]
    log.append(batch(2))
    assert read_log(tmp_path) == [1, 2]


def test_garbage_that_could_not_be_truncated_is_never_appended_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = appender(tmp_path)
    log.append(batch(1))
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, line, offset: real(fd, line[:10], offset))
    with failing("journal.truncate", BROKEN, times=99), pytest.raises(WriteFailed):
        log.append(batch(2))
    monkeypatch.setattr(os, "pwrite", real)
    log.append(batch(2))
    assert read_log(tmp_path) == [1, 2]


def test_a_failed_fdatasync_is_never_tried_again(tmp_path: Path) -> None:
    log, pauses = appender(tmp_path)
    log.append(batch(1))
    with failing("journal.fdatasync", BROKEN), pytest.raises(SyncFailed):
        log.append(batch(2))
    assert pauses == []


@pytest.mark.parametrize(
    ("failpoint", "raises"),
    [
        ("journal.segment.create", WriteFailed),
        ("journal.segment.write", WriteFailed),
        ("journal.segment.fdatasync", SyncFailed),
        ("directory.fsync", SyncFailed),
    ],
)
def test_a_rotation_that_fails_loses_nothing(
    tmp_path: Path, failpoint: str, raises: type[Exception]
) -> None:
    log, _ = appender(tmp_path, segment_bytes=1)
    log.append(batch(1))
    with failing(failpoint, BROKEN, times=3), pytest.raises(raises):
        log.append(batch(2))
    assert read_log(tmp_path) == [1]


def test_after_a_failed_rotation_the_log_goes_on(tmp_path: Path) -> None:
    log, _ = appender(tmp_path, segment_bytes=1)
    log.append(batch(1))
    with failing("journal.segment.write", FULL, times=3), pytest.raises(WriteFailed):
        log.append(batch(2))
    log.append(batch(2))
    log.append(batch(3))
    assert read_log(tmp_path) == [1, 2, 3]
    assert len(list(tmp_path.glob("*.ndjson"))) == 3
