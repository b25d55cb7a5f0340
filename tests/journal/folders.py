"""A segment that is kept in each of the ways that there are: plain, archived, gzipped by others."""

import gzip
from pathlib import Path

from surestock.journal.segment import archived_path, segment_path
from surestock.journal.stored import StoredSegment, open_segment
from tests.journal.logs import move_to_archive, write_segments

LINES = 60


class Folders:
    """A log of one segment of five members, and what it holds."""

    def __init__(self, root: Path) -> None:
        self.directory, self.archive = root / "event-log", root / "archive"
        self.directory.mkdir()
        write_segments(self.directory, segments=1, lines=LINES, pad=4600)
        self.plain = segment_path(self.directory, 1)
        self.archived = archived_path(self.archive, 1)
        self.content = self.plain.read_bytes()

    def open(self) -> StoredSegment:
        return open_segment(self.directory, self.archive, 1)

    def move(self) -> None:
        """Move the segment into the archive."""
        move_to_archive(self.directory, self.archive, 1)


def gzipped_in_one_piece(content: bytes) -> bytes:
    return gzip.compress(content)


def gzipped_in_pieces(content: bytes) -> bytes:
    pieces = (content[at : at + 10_000] for at in range(0, len(content), 10_000))
    return b"".join(gzip.compress(piece) for piece in pieces)
