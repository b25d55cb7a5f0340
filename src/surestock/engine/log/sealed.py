"""Which segments are sealed: all but the last, which the server still writes to."""

from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from surestock.engine.log.config import LogConfig
from surestock.journal.line import BadLine, decode_header
from surestock.journal.segment import Segment, all_segments
from surestock.journal.stored import open_segment


class Sealed(Struct, frozen=True):
    """A sealed segment, and its last record."""

    segment: Segment
    last: int

    @property
    def first(self) -> int:
        """Its first record."""
        return self.segment.first


def sealed_segments(config: LogConfig) -> list[Sealed]:
    """Return every sealed segment, archived ones too, in order.

    A segment is made after the one before it was synced for the last time, and when that fails, it
    is tried again under the same name. So what has a successor is durable and stays as it is.
    """
    segments = all_segments(config.directory, config.archive)
    return [Sealed(segment, after.first - 1) for segment, after in pairwise(segments)]


def is_older(config: LogConfig, sealed: Sealed, than: datetime) -> bool:
    """Tell whether no record of a sealed segment is younger: the next one's header tells."""
    with open_segment(config.directory, config.archive, sealed.last + 1) as stored:
        first_line = next(stored.lines(0), b"")
    try:
        header = decode_header(first_line.rstrip(b"\n"))
    except BadLine:
        return False  # it is just being made, so what is before it is young
    return datetime.fromisoformat(header.ts) <= than
