"""A log in two folders, read from its first record or from a later one: one chain all the same."""

from pathlib import Path

import pytest

from surestock.journal.append import AppendConfig, Appender, LogEnd
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.scan import LogStart, Scan
from surestock.journal.segment import list_archived, list_segments, segment_path
from tests.journal.logs import (
    batch,
    move_to_archive,
    numbers_of,
    read_log,
    start_after,
    write_segments,
)

SEGMENTS, LINES = 4, 30
LAST = SEGMENTS * LINES
BOUNDARIES = list(range(0, LAST + 1, LINES))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A plain log of four segments of thirty records."""
    directory = tmp_path / "event-log"
    directory.mkdir()
    write_segments(directory, SEGMENTS, LINES, pad=5000)
    return directory


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def start(directory: Path, sequence: int) -> LogStart:
    return start_after(directory, sequence) if sequence else LogStart()


@pytest.mark.parametrize("archived", range(SEGMENTS + 1))
@pytest.mark.parametrize("sequence", BOUNDARIES)
def test_from_any_segment_on_every_record_is_read_archived_or_not(
    log: Path, archive: Path, archived: int, sequence: int
) -> None:
    behind = start(log, sequence)
    move_to_archive(log, archive, archived)
    assert read_log(log, archive, behind) == list(range(sequence + 1, LAST + 1))


@pytest.mark.parametrize("sequence", [0, 1, 29, 31, 119])
@pytest.mark.parametrize("archived", [0, SEGMENTS])
def test_a_start_inside_a_segment_is_proved_from_the_segment_s_own_start(
    log: Path, archive: Path, archived: int, sequence: int
) -> None:
    behind = start(log, sequence)
    move_to_archive(log, archive, archived)
    assert read_log(log, archive, behind) == list(range(sequence + 1, LAST + 1))


def test_places_and_fields_are_the_same_as_those_of_a_plain_log(log: Path, archive: Path) -> None:
    plain = Scan(log)
    before = [(place.line, place.offset, place.length) for place, _ in plain]
    move_to_archive(log, archive, 3)
    scan = Scan(log, archive)
    after = [(place.line, place.offset, place.length) for place, _ in scan]
    assert after == before
    assert scan.segments == list_archived(archive) + list_segments(log)
    assert (scan.sequence, scan.crc, scan.last) == (plain.sequence, plain.crc, plain.last)
    assert [place.segment for place, _ in Scan(log, archive)][:1] == scan.segments[:1]


def test_segments_before_the_start_are_not_looked_at(log: Path, archive: Path) -> None:
    behind = start(log, 60)
    move_to_archive(log, archive, 2)
    for archived in list_archived(archive):
        archived.write_bytes(b"rotten")
    assert read_log(log, archive, behind) == list(range(61, LAST + 1))
    with pytest.raises(JournalDamaged):
        read_log(log, archive)


@pytest.mark.parametrize("sequence", [30, 45, LAST])
def test_a_start_that_is_of_another_log_is_refused(log: Path, archive: Path, sequence: int) -> None:
    move_to_archive(log, archive, 2)
    with pytest.raises(JournalDamaged, match="12345678"):
        read_log(log, archive, LogStart(sequence, "12345678"))


def test_a_log_that_ends_before_the_start_lost_records(log: Path, archive: Path) -> None:
    behind = start(log, 120)
    content = list_segments(log)[-1].read_bytes()
    lines = content.splitlines(keepends=True)
    for left in (b"".join(lines[:-1]), b"".join(lines)[:-9], lines[0]):
        list_segments(log)[-1].write_bytes(left)
        with pytest.raises(JournalDamaged, match=list_segments(log)[-1].name):
            read_log(log, archive, behind)
        assert list_segments(log)[-1].read_bytes() == left


def test_a_log_of_which_nothing_is_left_is_not_taken_for_a_new_one(
    log: Path, archive: Path
) -> None:
    behind = start(log, 30)
    for segment in list_segments(log):
        segment.unlink()
    with pytest.raises(JournalError, match="the records from 31 on are in neither"):
        read_log(log, archive, behind)
    assert read_log(log, archive) == []


@pytest.mark.parametrize("archived", range(SEGMENTS))
@pytest.mark.parametrize("lost", range(SEGMENTS - 1))
def test_a_missing_segment_is_named_with_its_records(
    log: Path, archive: Path, archived: int, lost: int
) -> None:
    name = list_segments(log)[lost].name
    move_to_archive(log, archive, archived)
    for path in (log / name, archive / f"{name}.gz"):
        path.unlink(missing_ok=True)
    first = lost * LINES + 1
    sentence = f"{name} .* records {first} to {first + LINES - 1} are in neither the event log nor"
    with pytest.raises(JournalDamaged, match=sentence):
        read_log(log, archive)


def test_what_is_missing_before_the_start_is_not_missed(log: Path, archive: Path) -> None:
    behind = start(log, 60)
    for segment in list_segments(log)[:2]:
        segment.unlink()
    assert read_log(log, archive, behind) == list(range(61, LAST + 1))


def test_a_torn_header_behind_a_missing_segment_is_not_cut_off(log: Path, archive: Path) -> None:
    torn = segment_path(log, LAST + 10)
    torn.touch()
    with pytest.raises(JournalDamaged, match=f"records {LAST + 1} to {LAST + 9} are in neither"):
        read_log(log, archive)
    assert torn.exists()


def test_only_a_plain_segment_can_have_a_torn_tail(log: Path, archive: Path) -> None:
    last = list_segments(log)[-1]
    last.write_bytes(last.read_bytes()[:-5])
    archived = move_to_archive(log, archive, SEGMENTS)[-1]
    with pytest.raises(JournalDamaged, match="it has no end") as caught:
        read_log(log, archive)
    assert (caught.value.path, caught.value.line) == (archived, LINES + 1)


def test_a_torn_tail_is_cut_off_whatever_stands_in_the_archive(log: Path, archive: Path) -> None:
    last = list_segments(log)[-1]
    behind = start(log, 60)
    move_to_archive(log, archive, 3)
    last.write_bytes(last.read_bytes()[:-5])
    assert read_log(log, archive, behind) == list(range(61, LAST))
    assert read_log(log, archive, behind) == list(range(61, LAST))


def test_damage_in_an_archive_is_named_as_in_the_plain_segment(log: Path, archive: Path) -> None:
    second = list_segments(log)[1]
    lines = second.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b'"n":34', b'"n":99')
    second.write_bytes(b"".join(lines))
    archived = move_to_archive(log, archive, 2)[1]
    with pytest.raises(JournalDamaged, match="checksum") as caught:
        read_log(log, archive)
    assert (caught.value.path, caught.value.line) == (archived, 5)
    assert caught.value.offset == sum(map(len, lines[:4]))


def test_a_scan_goes_on_when_segments_are_moved_meanwhile(log: Path, archive: Path) -> None:
    scan = Scan(log, archive)
    commits = (commit for _, commit in scan)
    read = numbers_of(next(commits) for _ in range(10))
    move_to_archive(log, archive, 3)
    assert read + numbers_of(commits) == list(range(1, LAST + 1))


def test_a_log_whose_segments_are_all_archived_goes_on_in_a_new_one(
    log: Path, archive: Path
) -> None:
    move_to_archive(log, archive, SEGMENTS)
    scan = Scan(log, archive)
    assert len(list(scan)) == LAST
    assert scan.last is not None
    end = LogEnd(scan.last.segment, scan.last.offset + scan.last.length, scan.crc, scan.last.line)
    archived = list_archived(archive)[-1].read_bytes()
    appender = Appender(log, end, AppendConfig())
    appender.append(batch(LAST + 1))
    appender.close()
    assert list_archived(archive)[-1].read_bytes() == archived
    assert list_segments(log) == [segment_path(log, LAST + 1)]
    assert read_log(log, archive) == list(range(1, LAST + 2))
