"""Following a log: what is altered, missing or not proved is refused, and never passed over."""

import errno
import os
from pathlib import Path

import pytest

from surestock.journal.errors import JournalDamaged
from surestock.journal.line import encode_commit
from surestock.journal.position import Frontier
from surestock.journal.scan import LogStart
from surestock.journal.segment import list_segments
from surestock.journal.tail import Tail
from tests.journal.followed import LAST, Followed, read_on
from tests.journal.logs import (
    TS,
    numbers_of,
)


@pytest.fixture
def log(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


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
