"""What a writer left that died in its turn: kept where it is sound, cut where it is torn."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from surestock.journal.append import AppendConfig
from surestock.journal.errors import JournalDamaged, JournalError, NoRoom
from surestock.journal.line import encode_commit, encode_header
from surestock.journal.mend import goes_beyond, mend
from surestock.journal.position import LogPosition
from surestock.journal.scan import Scan
from surestock.journal.segment import list_segments, segment_path
from tests.journal.logs import TS, batch, failing, move_to_archive, read_log, write_log
from tests.journal.sharing import Shared


class Left(Shared):
    """A log of six records in segments of three, known up to its end, and what is found torn."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, AppendConfig(segment_records=3))
        self.write(1, 6)
        self.known = self.told()
        self.torn: list[tuple[str, str]] = []

    def leave(self, content: bytes, first: int = 4) -> None:
        """Append bytes to the segment of record ``first``, as a dying writer does."""
        with segment_path(self.directory, first).open("ab") as segment:
            segment.write(content)

    def line(self, first: int, last: int, prev: str) -> tuple[bytes, str]:
        """Return the line of records that follow, and its checksum."""
        return encode_commit(prev, first, last, TS, batch(first, last).records)

    def goes_beyond(self) -> bool:
        return goes_beyond(self.directory, self.known)

    def mend(self) -> LogPosition:
        def torn(aside: Path, why: str) -> None:
            self.torn.append((aside.name, why))

        return mend(self.directory, self.archive, self.known, torn)


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return Left(tmp_path)


def test_a_log_that_ends_where_it_was_told_to_goes_no_further(left: Left) -> None:
    assert not left.goes_beyond()
    assert left.mend() == left.known
    assert left.torn == []


def test_an_empty_log_goes_beyond_nothing_until_a_segment_is_there(tmp_path: Path) -> None:
    log = tmp_path / "event-log"
    log.mkdir()
    assert not goes_beyond(log, LogPosition())
    write_log(log, 1)
    assert goes_beyond(log, LogPosition())
    assert mend(log, tmp_path / "archive", LogPosition(), _never).sequence == 1


def test_a_whole_line_that_nobody_told_of_is_part_of_the_log_from_now_on(left: Left) -> None:
    line, crc = left.line(7, 9, left.known.prev)
    # Its segment should be a new one: what is proved is that it follows, not how it was cut.
    left.leave(line)
    assert left.goes_beyond()
    found = left.mend()
    assert found == LogPosition(9, 4, left.known.end + len(line), left.known.lines + 1, crc)
    assert not goes_beyond(left.directory, found)
    assert left.torn == []


def test_a_part_of_a_line_is_set_aside_and_cut_off(left: Left) -> None:
    line, _ = left.line(7, 7, left.known.prev)
    left.leave(line[:-5])
    assert left.goes_beyond()
    assert left.mend() == left.known
    ((name, why),) = left.torn
    assert (left.directory / name).read_bytes() == line[:-5]
    assert why
    assert not left.goes_beyond()


def test_a_whole_line_before_a_part_of_one_is_kept(left: Left) -> None:
    line, crc = left.line(7, 7, left.known.prev)
    left.leave(line + left.line(8, 8, crc)[0][:20])
    found = left.mend()
    assert (found.sequence, found.prev) == (7, crc)
    assert len(left.torn) == 1
    assert read_log(left.directory) == list(range(1, 8))


def test_a_segment_that_was_just_begun_is_written_on(left: Left) -> None:
    header, crc = encode_header(left.known.prev, 7, TS)
    left.leave(header, 7)
    assert left.goes_beyond()
    found = left.mend()
    assert found == LogPosition(6, 7, len(header), 1, crc)
    assert not goes_beyond(left.directory, found)


@pytest.mark.parametrize("length", [0, 1, 40])
def test_a_segment_that_was_not_even_begun_is_removed(left: Left, length: int) -> None:
    header, _ = encode_header(left.known.prev, 7, TS)
    left.leave(header[:length], 7)
    assert left.goes_beyond()
    assert left.mend() == left.known
    assert [it.name for it in list_segments(left.directory)][-1].startswith("0" * 19 + "4")
    assert not left.goes_beyond()


def test_what_stands_behind_is_asked_of_the_disk_before_it_is_read(
    left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, _ = left.line(7, 7, left.known.prev)
    left.leave(line)
    done: list[str] = []
    real_sync, real_forget, real_read = os.fsync, os.posix_fadvise, Scan.__iter__

    def note(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def noted(*args: object) -> object:
            done.append(name)
            return real(*args)

        return noted

    monkeypatch.setattr(os, "fsync", note("sync", real_sync))
    monkeypatch.setattr(os, "posix_fadvise", note("forget", real_forget))
    monkeypatch.setattr(Scan, "__iter__", note("read", real_read))
    left.mend()
    assert done == ["sync", "forget", "sync", "sync", "read"]


def test_what_cannot_be_made_durable_is_not_believed(left: Left) -> None:
    left.leave(left.line(7, 7, left.known.prev)[0])
    with (
        failing("settle.fsync", OSError(errno.EIO, "Input/output error")),
        pytest.raises(OSError, match="Input/output error"),
    ):
        left.mend()


def test_without_room_for_a_torn_tail_nothing_is_cut_and_it_may_be_tried_again(left: Left) -> None:
    left.leave(b'{"torn')
    full = OSError(errno.ENOSPC, "No space left on device")
    with failing("repair.copy.fsync", full), pytest.raises(NoRoom):
        left.mend()
    assert left.goes_beyond()
    assert left.torn == []
    assert left.mend() == left.known
    assert len(left.torn) == 1


def test_a_line_that_does_not_follow_is_damage(left: Left) -> None:
    left.leave(left.line(8, 8, left.known.prev)[0])
    with pytest.raises(JournalDamaged):
        left.mend()


def test_more_than_one_damaged_line_is_no_torn_tail(left: Left) -> None:
    left.leave(b"not a line\nnor this one\n")
    with pytest.raises(JournalDamaged):
        left.mend()
    assert left.torn == []


def test_a_log_that_is_shorter_than_was_told_is_damage(left: Left) -> None:
    os.truncate(segment_path(left.directory, 4), left.known.end - 3)
    assert left.goes_beyond()
    with pytest.raises(JournalError):
        left.mend()


def test_an_archived_end_is_complete_and_a_lost_one_is_damage(left: Left) -> None:
    (_, archived) = move_to_archive(left.directory, left.archive, 2)
    assert left.goes_beyond()
    assert left.mend() == left.known
    archived.unlink()
    with pytest.raises(JournalError):
        left.mend()


def _never(aside: Path, why: str) -> None:
    raise AssertionError((aside, why))
