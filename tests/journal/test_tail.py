"""Following a log: never past what is durable, never past what is not proved, never a gap."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surestock.journal.append import AppendConfig, Appender
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import encode_commit
from surestock.journal.scan import LogStart, Place
from surestock.journal.segment import list_segments
from surestock.journal.tail import Frontier, Tail
from tests.journal.logs import (
    EMPTY,
    TS,
    batch,
    frontier_at,
    move_to_archive,
    numbers_of,
    start_after,
    write_segments,
)

SEGMENTS, LINES = 4, 30
LAST = SEGMENTS * LINES


class Followed:
    """A log of four segments of thirty records, where each line stands, and its archive."""

    def __init__(self, root: Path) -> None:
        self.directory, self.archive = root / "event-log", root / "archive"
        self.directory.mkdir()
        self.places: list[Place] = write_segments(self.directory, SEGMENTS, LINES, pad=5000)

    def tail(self, sequence: int = 0) -> Tail:
        start = start_after(self.directory, sequence) if sequence else LogStart()
        return Tail(self.directory, self.archive, start)

    def frontier(self, sequence: int) -> Frontier:
        return frontier_at(self.places[sequence - 1], sequence)


@pytest.fixture
def log(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def read_on(tail: Tail, frontier: Frontier, most_bytes: int = 20_000) -> list[int]:
    """Read until nothing more comes."""
    read: list[int] = []
    while commits := tail.read(frontier, most_bytes):
        read += numbers_of(commits)
    return read


def test_nothing_is_read_before_anything_is_durable(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "event-log", tmp_path / "archive", LogStart())
    assert tail.read(Frontier(0, 0, 0)) == []
    assert tail.sequence == 0


def test_the_frontier_is_reached_and_never_passed(log: Followed) -> None:
    with log.tail() as tail:
        for sequence in (1, 2, 29, 30, 31, 32, 75, 90, 91, LAST):
            read = read_on(tail, log.frontier(sequence))
            assert read[-1:] == [sequence]
            assert tail.sequence == sequence
            assert tail.crc == start_after(log.directory, sequence).crc
            assert read_on(tail, log.frontier(sequence)) == []


def test_bytes_behind_the_frontier_are_not_even_asked_for(
    log: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    furthest = 0
    real = os.pread

    def seen(fd: int, length: int, offset: int) -> bytes:
        nonlocal furthest
        furthest = max(furthest, offset + length)
        return real(fd, length, offset)

    monkeypatch.setattr(os, "pread", seen)
    with log.tail(90) as tail:
        furthest = 0
        read_on(tail, log.frontier(93))
        assert furthest == log.frontier(93).end


def test_lines_that_a_crash_took_away_again_are_never_seen(tmp_path: Path) -> None:
    appender = Appender(tmp_path, EMPTY, AppendConfig())
    with Tail(tmp_path, None, LogStart()) as tail:
        frontier = frontier_at(appender.append(batch(1)), 1)
        (segment,) = list_segments(tmp_path)
        durable = segment.read_bytes()
        line, _ = encode_commit("00000000", 2, 2, TS, [b'{"n":99}'])
        segment.write_bytes(durable + line)
        assert read_on(tail, frontier) == [1]
        segment.write_bytes(durable)
        assert read_on(tail, frontier_at(appender.append(batch(2)), 2)) == [2]
    appender.close()


def test_a_read_ends_soon_after_so_many_bytes_and_never_before_one_line(log: Followed) -> None:
    length = log.places[0].length
    with log.tail() as tail:
        assert len(tail.read(log.frontier(LAST), 1)) == 1
        assert len(tail.read(log.frontier(LAST), length * 3)) in (3, 4)
        before = tail.sequence
        assert len(tail.read(log.frontier(LAST))) == LAST - before
        assert tail.sequence == LAST


@pytest.mark.parametrize("sequence", [0, 30, 60, 90, LAST, 1, 29, 45])
@pytest.mark.parametrize("archived", [0, 2, 3])
def test_a_tail_starts_behind_any_record(log: Followed, sequence: int, archived: int) -> None:
    with log.tail(sequence) as tail:
        move_to_archive(log.directory, log.archive, archived)
        assert tail.sequence == sequence
        assert read_on(tail, log.frontier(LAST)) == list(range(sequence + 1, LAST + 1))


def test_a_tail_goes_on_across_segments_that_are_archived_meanwhile(log: Followed) -> None:
    with log.tail() as tail:
        read = numbers_of(tail.read(log.frontier(LAST), 40_000))
        assert 1 < len(read) < LINES
        move_to_archive(log.directory, log.archive, 3)
        assert read + read_on(tail, log.frontier(LAST)) == list(range(1, LAST + 1))


def test_a_tail_that_opens_its_segment_anew_finds_it_in_the_archive(log: Followed) -> None:
    with log.tail() as tail:
        read = numbers_of(tail.read(log.frontier(LAST), 40_000))
        tail.close()
        move_to_archive(log.directory, log.archive, 3)
        assert read + read_on(tail, log.frontier(LAST)) == list(range(1, LAST + 1))


def test_a_broken_chain_is_refused_after_what_stands_before_it(log: Followed) -> None:
    segment = list_segments(log.directory)[1]
    lines = segment.read_bytes().splitlines(keepends=True)
    sound = segment.read_bytes()
    lines[5], _ = encode_commit("12345678", 35, 35, TS, [b'{"n":35,"pad":"%s"}' % (b"x" * 5000)])
    segment.write_bytes(b"".join(lines))
    with log.tail() as tail:
        assert numbers_of(tail.read(log.frontier(LAST))) == list(range(1, 35))
        for _ in range(2):
            with pytest.raises(JournalDamaged, match="follows a line with checksum") as caught:
                tail.read(log.frontier(LAST))
            assert (caught.value.path, caught.value.line) == (segment, 6)
            assert caught.value.offset == sum(map(len, lines[:5]))
            assert tail.sequence == 34
        # Put back under another file, as from a backup.
        segment.unlink()
        segment.write_bytes(sound)
        assert read_on(tail, log.frontier(LAST)) == list(range(35, LAST + 1))


@pytest.mark.parametrize(("line", "sequence"), [(0, 30), (4, 33), (30, 59)])
def test_an_altered_line_is_refused_header_or_not(log: Followed, line: int, sequence: int) -> None:
    segment = list_segments(log.directory)[1]
    content = bytearray(segment.read_bytes())
    lines = segment.read_bytes().splitlines(keepends=True)
    content[sum(map(len, lines[:line])) + 50] ^= 1
    segment.write_bytes(content)
    with log.tail() as tail:
        with pytest.raises(JournalDamaged, match=f"{segment.name} line {line + 1} at byte"):
            read_on(tail, log.frontier(LAST))
        assert tail.sequence == sequence


def test_a_missing_segment_is_named(log: Followed) -> None:
    name = list_segments(log.directory)[2].name
    with log.tail(30) as tail:
        (log.directory / name).unlink()
        with pytest.raises(JournalDamaged, match=f"{name} .* records 61 to 90 are in neither"):
            read_on(tail, log.frontier(LAST))
        assert tail.sequence == 60


def test_a_file_that_ends_before_the_frontier_is_refused(log: Followed) -> None:
    segment = list_segments(log.directory)[-1]
    segment.write_bytes(segment.read_bytes()[: log.places[-2].offset])
    with log.tail(90) as tail:
        with pytest.raises(JournalDamaged, match="more was expected"):
            read_on(tail, log.frontier(LAST))
        assert tail.sequence == LAST - 2


@pytest.mark.parametrize("end", [-5, -1])
def test_a_frontier_inside_a_line_is_refused(log: Followed, end: int) -> None:
    frontier = log.frontier(LAST)
    with log.tail(90) as tail:
        with pytest.raises(JournalDamaged, match="it has no end"):
            read_on(tail, Frontier(LAST, frontier.segment, frontier.end + end))
        assert tail.sequence == LAST - 1


def test_a_frontier_that_promises_more_than_it_spans_is_refused(log: Followed) -> None:
    frontier = log.frontier(95)
    with log.tail(90) as tail, pytest.raises(JournalDamaged, match="record 96 was expected"):
        read_on(tail, Frontier(100, frontier.segment, frontier.end))
    with log.tail(90) as tail, pytest.raises(JournalDamaged, match="record 91 was expected"):
        read_on(tail, Frontier(100, 61, 10**6))


def test_a_start_of_another_log_is_refused(log: Followed) -> None:
    for sequence in (30, 45):
        start = LogStart(sequence, "12345678")
        with (
            Tail(log.directory, log.archive, start) as tail,
            pytest.raises(JournalDamaged, match="12345678"),
        ):
            tail.read(log.frontier(LAST))


def test_a_disk_error_is_told_and_loses_nothing(
    log: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken = os.pread, 5

    def broken_at_times(fd: int, length: int, offset: int) -> bytes:
        nonlocal broken
        if offset and broken:
            broken -= 1
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, length, offset)

    read: list[int] = []
    told = 0
    with log.tail() as tail:
        monkeypatch.setattr(os, "pread", broken_at_times)
        while tail.sequence < LAST:
            try:
                read += numbers_of(tail.read(log.frontier(LAST)))
            except OSError:
                told += 1
    assert read == list(range(1, LAST + 1))
    assert (broken, told) == (0, 4)  # the first came behind sound lines, which were returned


def test_segments_of_which_one_is_as_short_as_can_be_are_crossed(tmp_path: Path) -> None:
    appender = Appender(tmp_path, EMPTY, AppendConfig(segment_records=1))
    with Tail(tmp_path, None, LogStart()) as tail:
        for sequence in range(1, 20):
            frontier = frontier_at(appender.append(batch(sequence)), sequence)
            assert read_on(tail, frontier) == [sequence]
    appender.close()


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 25), st.integers(1, 60_000), st.booleans())),
    sequence=st.sampled_from([0, 30, 60]),
)
def test_however_it_is_called_a_tail_gives_each_record_once(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, bool]],
    sequence: int,
) -> None:
    log = Followed(tmp_path_factory.mktemp("followed"))
    durable, read = sequence, []
    with log.tail(sequence) as tail:
        for more, most_bytes, closed in steps:
            durable = min(durable + more, LAST)
            if durable > sequence:
                read += numbers_of(tail.read(log.frontier(durable), most_bytes))
            assert tail.sequence <= durable
            sealed = log.places[max(durable - 1, 0)].segment
            plain = list_segments(log.directory)
            move_to_archive(log.directory, log.archive, sum(path < sealed for path in plain[:1]))
            if closed:
                tail.close()
        assert read == list(range(sequence + 1, tail.sequence + 1))
