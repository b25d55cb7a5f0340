"""Following a log: never past what is durable, each record once, whatever moves meanwhile."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surestock.journal.append import AppendConfig, Appender
from surestock.journal.line import encode_commit
from surestock.journal.position import Frontier
from surestock.journal.scan import LogStart
from surestock.journal.segment import list_segments
from surestock.journal.tail import Tail
from tests.journal.followed import LAST, LINES, Followed, read_on
from tests.journal.logs import (
    EMPTY,
    TS,
    batch,
    frontier_at,
    move_to_archive,
    numbers_of,
    start_after,
)


@pytest.fixture
def log(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


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


def test_a_sequence_short_of_the_frontier_s_byte_ends_a_read_too(log: Followed) -> None:
    frontier = log.frontier(95)
    with log.tail(90) as tail:
        assert read_on(tail, Frontier(93, frontier.segment, frontier.end)) == [91, 92, 93]
        assert read_on(tail, frontier) == [94, 95]
