"""A log that is followed by a tail: what it holds, and how far it is durable."""

from pathlib import Path

from surestock.journal.position import Frontier
from surestock.journal.scan import LogStart, Place
from surestock.journal.tail import Tail
from tests.journal.logs import (
    frontier_at,
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


def read_on(tail: Tail, frontier: Frontier, most_bytes: int = 20_000) -> list[int]:
    """Read until nothing more comes."""
    read: list[int] = []
    while commits := tail.read(frontier, most_bytes):
        read += numbers_of(commits)
    return read
