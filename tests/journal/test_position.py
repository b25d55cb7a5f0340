"""Places in a log: a position is a frontier for those who read, and names the segment."""

from pathlib import Path

from surestock.journal.line import GENESIS
from surestock.journal.position import Frontier, LogPosition
from surestock.journal.scan import Scan
from tests.journal.logs import write_segments


def test_a_log_without_a_segment_has_no_frontier_and_no_path(tmp_path: Path) -> None:
    position = LogPosition()
    assert position.frontier is None
    assert position.path(tmp_path) is None
    assert position.prev == GENESIS


def test_a_position_is_a_frontier_for_those_who_only_read() -> None:
    assert LogPosition(9, 7, 421, 4, "0badcafe").frontier == Frontier(9, 7, 421)


def test_a_position_names_the_file_of_its_segment(tmp_path: Path) -> None:
    assert LogPosition(9, 7, 421, 4, "0badcafe").path(tmp_path) == (
        tmp_path / "00000000000000000007.ndjson"
    )


def test_a_scan_ends_where_the_log_was_written_up_to(tmp_path: Path) -> None:
    last = write_segments(tmp_path, segments=2, lines=3)[-1]
    scan = Scan(tmp_path)
    *_, (_, commit) = scan
    assert scan.end == LogPosition(6, 4, last.offset + last.length, 4, commit.crc)
    assert scan.end.path(tmp_path) == last.segment
