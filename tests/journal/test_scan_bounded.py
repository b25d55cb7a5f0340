"""Reading a part of a log: behind a position that need not be proved again, up to a frontier."""

from pathlib import Path

import msgspec
import pytest

from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.line import encode_commit
from surestock.journal.position import Frontier, LogPosition
from surestock.journal.scan import LogStart, Scan
from surestock.journal.segment import segment_path
from tests.journal.logs import (
    TS,
    frontier_at,
    move_to_archive,
    numbers_of,
    start_after,
    write_segments,
)

SEGMENTS, LINES = 3, 5
LAST = SEGMENTS * LINES
BORDERS = [1, 4, 5, 6, 9, 10, 11, LAST]


class Parts:
    """A log of three segments of five records, and the position behind each of them."""

    def __init__(self, root: Path) -> None:
        self.directory, self.archive = root / "event-log", root / "archive"
        self.directory.mkdir()
        self._places = write_segments(self.directory, SEGMENTS, LINES)
        scan = Scan(self.directory)
        self.positions = [scan.end, *(scan.end for _ in scan)]

    def frontier(self, sequence: int) -> Frontier:
        return frontier_at(self._places[sequence - 1], sequence)

    def read(self, behind: int | None = None, upto: int | None = None) -> tuple[list[int], Scan]:
        """Return the numbers of the records in between, and the scan."""
        scan = Scan(
            self.directory,
            self.archive,
            behind=None if behind is None else self.positions[behind],
            upto=None if upto is None else self.frontier(upto),
        )
        return numbers_of(commit for _, commit in scan), scan


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path)


@pytest.mark.parametrize("archived", [0, 1, 2, 3])
@pytest.mark.parametrize("behind", [0, *BORDERS])
def test_exactly_what_stands_behind_a_position_is_read(
    parts: Parts, behind: int, archived: int
) -> None:
    move_to_archive(parts.directory, parts.archive, archived)
    numbers, scan = parts.read(behind)
    assert numbers == list(range(behind + 1, LAST + 1))
    assert scan.end == parts.positions[LAST]
    assert scan.torn is None


@pytest.mark.parametrize("upto", BORDERS)
def test_exactly_what_stands_before_a_frontier_is_read(parts: Parts, upto: int) -> None:
    numbers, scan = parts.read(upto=upto)
    assert numbers == list(range(1, upto + 1))
    assert scan.end == parts.positions[upto]


@pytest.mark.parametrize(
    ("behind", "upto"), [(one, other) for one in [0, *BORDERS] for other in BORDERS if one <= other]
)
def test_between_a_position_and_a_frontier_each_record_is_read_once(
    parts: Parts, behind: int, upto: int
) -> None:
    numbers, scan = parts.read(behind, upto)
    assert numbers == list(range(behind + 1, upto + 1))
    assert scan.end == parts.positions[upto]


def test_a_scan_that_reads_nothing_ends_where_it_began(parts: Parts) -> None:
    assert parts.read(LAST, LAST)[1].end == parts.positions[LAST]
    assert Scan(parts.directory / "nowhere").end == LogPosition()


def test_the_files_behind_a_frontier_are_not_looked_at(parts: Parts) -> None:
    segment_path(parts.directory, 11).write_bytes(b"not a segment")
    assert parts.read(2, 9)[0] == list(range(3, 10))
    _append(segment_path(parts.directory, 6), b"a line that is being written")
    assert parts.read(2, 9)[0] == list(range(3, 10))


def test_what_stands_before_a_position_is_not_proved_again(parts: Parts) -> None:
    path = segment_path(parts.directory, 6)
    content = bytearray(path.read_bytes())
    content[10 : parts.positions[7].end] = b"x" * (parts.positions[7].end - 10)
    path.write_bytes(content)
    assert parts.read(7)[0] == list(range(8, LAST + 1))
    with pytest.raises(JournalDamaged):
        parts.read(6)


def test_the_first_line_has_to_follow_from_the_position(parts: Parts) -> None:
    at = parts.positions[7]
    for wrong in (
        LogPosition(8, at.segment, at.end, at.lines, at.prev),
        LogPosition(7, at.segment, at.end, at.lines, "00000000"),
        LogPosition(7, at.segment, at.end + 1, at.lines, at.prev),
    ):
        with pytest.raises(JournalDamaged):
            list(Scan(parts.directory, behind=wrong))


def test_damage_behind_a_position_is_named_by_its_line_in_the_segment(parts: Parts) -> None:
    path = segment_path(parts.directory, 6)
    path.write_bytes(path.read_bytes().replace(b'{"n":9', b'{"n":8'))
    with pytest.raises(JournalDamaged) as damaged:
        parts.read(7)
    assert (damaged.value.line, damaged.value.offset) == (5, parts.positions[8].end)


def test_before_a_frontier_nothing_is_a_torn_tail(parts: Parts) -> None:
    end = parts.positions[LAST].end
    path = segment_path(parts.directory, 11)
    line = path.read_bytes()[parts.positions[LAST - 1].end :]
    for altered in (line[:-9] + b"\n", line[:-9], b"x" * len(line)):
        content = path.read_bytes()[: end - len(line)] + altered
        path.write_bytes(content)
        with pytest.raises(JournalDamaged) as damaged:
            parts.read(3, LAST)
        assert damaged.value.offset >= end - len(line)
        # The same, where nobody knows how far it is durable, was never acknowledged.
        assert parts.read(3)[1].torn is not None


def test_a_log_that_has_lost_what_was_durable_is_refused(parts: Parts) -> None:
    segment_path(parts.directory, 11).unlink()
    with pytest.raises(JournalError, match="11"):
        parts.read(3, LAST)


def test_a_segment_that_ends_before_the_position_is_refused(parts: Parts) -> None:
    path = segment_path(parts.directory, 11)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(JournalDamaged, match="the segment ends before"):
        parts.read(LAST)


def test_a_position_may_stand_behind_a_header(parts: Parts) -> None:
    after = start_after(parts.directory, LAST)
    assert after == LogStart(LAST, parts.positions[LAST].prev)
    place, _ = next(iter(Scan(parts.directory, behind=parts.positions[5])))
    at = LogPosition(5, 6, place.offset, 1, _header_crc(segment_path(parts.directory, 6)))
    scan = Scan(parts.directory, behind=at)
    assert numbers_of(commit for _, commit in scan) == list(range(6, LAST + 1))


def test_a_line_behind_a_position_that_has_no_end_is_a_torn_tail(parts: Parts) -> None:
    at = parts.positions[LAST]
    line, _ = encode_commit(at.prev, LAST + 1, LAST + 1, TS, [b'{"n":16}'])
    _append(segment_path(parts.directory, 11), line[:-1])
    numbers, scan = parts.read(LAST)
    assert numbers == []
    assert scan.torn is not None
    assert (scan.torn.offset, scan.end) == (at.end, at)


def _append(path: Path, content: bytes) -> None:
    path.write_bytes(path.read_bytes() + content)


def _header_crc(path: Path) -> str:
    """Return the checksum of a segment's first line."""
    header: dict[str, str] = msgspec.json.decode(path.read_bytes().splitlines()[0])
    return header["crc"]
