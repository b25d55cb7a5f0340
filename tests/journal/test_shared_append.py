"""Appending in turns: only with the lock, from where others ended, told before an answer."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surestock.journal.append import AppendConfig, LogEnd
from surestock.journal.errors import SyncFailed, WriteFailed
from surestock.journal.mend import goes_beyond
from surestock.journal.position import LogPosition
from surestock.journal.scan import Scan, TornTail
from surestock.journal.segment import list_segments, segment_path
from surestock.journal.shared_append import SharedAppender, position_of
from tests.journal.logs import batch, failing, move_to_archive, read_log
from tests.journal.sharing import Shared

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Shared]:
    made = Shared(tmp_path, AppendConfig(segment_records=4, retry_times=1, retry_base_s=0.0))
    yield made
    made.close()


def test_the_position_of_an_end_names_its_segment(tmp_path: Path) -> None:
    assert position_of(0, LogEnd(None, 0, "00000000")) == LogPosition()
    end = LogEnd(segment_path(tmp_path, 7), 421, "0badcafe", 4)
    assert position_of(9, end) == LogPosition(9, 7, 421, 4, "0badcafe")


def test_two_appenders_in_turns_write_one_log(log: Shared) -> None:
    appenders = [log.appender(), log.appender()]
    for sequence in range(1, 24):
        appender = appenders[sequence // 3 % 2]
        appender.resume(log.told())
        appender.append(batch(sequence))
        appender.rest()
    assert read_log(log.directory) == list(range(1, 24))
    assert len(list_segments(log.directory)) == 6
    for appender in appenders:
        appender.close()


def test_without_the_lock_nothing_is_written(log: Shared) -> None:
    log.write(1, 2)
    appender = log.appender()
    before = segment_path(log.directory, 1).read_bytes()
    with pytest.raises(AssertionError, match="without the writer lock"):
        appender.append(batch(3))
    appender.resume(log.told())
    appender.rest()
    with pytest.raises(AssertionError, match="without the writer lock"):
        appender.append(batch(3))
    assert segment_path(log.directory, 1).read_bytes() == before
    appender.close()


def test_all_processes_are_told_behind_the_sync_and_before_the_answer(
    log: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(1, 1)
    told_at_sync = []
    real = os.fdatasync

    def sync(fd: int) -> None:
        told_at_sync.append(log.told().sequence)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", sync)
    log.write(2, 3)
    assert told_at_sync == [1, 2]
    assert log.told().sequence == 3


def test_what_is_told_is_where_a_scan_ends(log: Shared) -> None:
    for sequence in range(1, 10):
        log.write(sequence, sequence)
        scan = Scan(log.directory)
        for _ in scan:
            pass
        assert log.told() == scan.end
        assert not goes_beyond(log.directory, log.told())


def test_a_resting_end_is_where_it_was_told_to_be(log: Shared) -> None:
    log.write(1, 3)
    appender = log.appender()
    appender.resume(log.told())
    assert appender.position(3) == log.told()
    appender.append(batch(4))
    assert appender.position(4) == log.told()
    appender.close()


def test_what_a_failed_write_left_is_cut_off_at_once(log: Shared) -> None:
    log.write(1, 2)
    appender = log.appender()
    appender.resume(log.told())
    path = segment_path(log.directory, 1)
    short = path.stat().st_size
    with _short_writes(), pytest.raises(WriteFailed):
        appender.append(batch(3))
    assert path.stat().st_size == short == log.told().end
    appender.rest()
    log.write(3, 3)
    assert read_log(log.directory) == [1, 2, 3]
    appender.close()


def test_what_cannot_be_cut_off_either_is_left_to_the_next_to_write(log: Shared) -> None:
    log.write(1, 2)
    appender = log.appender()
    appender.resume(log.told())
    with _short_writes(), failing("journal.truncate", FULL, 9), pytest.raises(WriteFailed):
        appender.append(batch(3))
    assert goes_beyond(log.directory, log.told())
    appender.close()


def test_what_failed_in_one_turn_is_forgotten_in_the_next(log: Shared) -> None:
    log.write(1, 2)
    appender = log.appender()
    appender.resume(log.told())
    path = segment_path(log.directory, 1)
    with _short_writes(), failing("journal.truncate", FULL, 9), pytest.raises(WriteFailed):
        appender.append(batch(3))
    appender.rest()
    os.truncate(path, log.told().end)
    log.write(3, 3)
    appender.resume(log.told())
    appender.append(batch(4))
    assert read_log(log.directory) == [1, 2, 3, 4]
    appender.close()


def test_a_torn_tail_that_was_there_at_the_start_is_not_cut_once_others_wrote_on(
    log: Shared,
) -> None:
    log.write(1, 2)
    end = log.told()
    path = segment_path(log.directory, 1)
    torn = TornTail(path, end.end, "it has no end")
    at = LogEnd(path, end.end, end.prev, end.lines, torn)
    appender = SharedAppender(log.directory, at, AppendConfig())
    appender.page = log.page
    log.write(3, 3)
    appender.resume(log.told())
    appender.append(batch(4))
    assert read_log(log.directory) == [1, 2, 3, 4]
    appender.close()


def test_a_batch_that_nobody_can_be_told_of_ends_the_process(
    log: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(1, 1)

    def broken(_position: LogPosition) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as changed:
        changed.setattr(log.page, "write", broken)
        with pytest.raises(SyncFailed, match="cannot be told: Input/output error"):
            log.write(2, 2)
    assert log.told().sequence == 1
    assert goes_beyond(log.directory, log.told())


def test_behind_an_archived_end_a_new_segment_begins(log: Shared) -> None:
    log.write(1, 2)
    end = log.told()
    move_to_archive(log.directory, log.archive, 1)
    appender = log.appender()
    appender.resume(end)
    assert appender.position(2) == end
    appender.append(batch(3))
    assert read_log(log.directory, log.archive) == [1, 2, 3]
    assert log.told().segment == 3
    appender.close()


def test_nothing_is_written_into_a_file_that_has_no_name_any_more(log: Shared) -> None:
    log.write(1, 2)
    move_to_archive(log.directory, log.archive, 1)
    log.write(3, 3)
    assert read_log(log.directory, log.archive) == [1, 2, 3]


@contextmanager
def _short_writes() -> Iterator[None]:
    """Let each write to the log leave a part behind, and fail."""

    def write(fd: int, line: bytes, offset: int) -> int:
        return real(fd, line[:7], offset)

    real = os.pwrite
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(os, "pwrite", write)
        yield
