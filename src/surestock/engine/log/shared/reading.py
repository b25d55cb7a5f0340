"""Read what other processes appended, in a thread."""

from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from surestock.engine.log.config import LogConfig
from surestock.engine.log.recovery import decode_line
from surestock.journal.line import Commit
from surestock.journal.position import LogPosition
from surestock.journal.scan import Place, Scan
from surestock.journal.segment import first_of, segment_path
from surestock.ledger.record import Record

_MOST_BYTES = 1 << 20


class Line(Struct, frozen=True):
    """A group commit, where it stands, and its records."""

    place: Place
    commit: Commit
    records: list[Record]


def read_lines(config: LogConfig, begin: LogPosition, told: LogPosition) -> deque[Line]:
    """Return about a megabyte of what follows ``begin``, up to ``told`` at most.

    Raises a ``JournalError`` when it is not sound, and ``OSError``.
    """
    lines: deque[Line] = deque()
    read = 0
    for found, commit in Scan(config.directory, config.archive, behind=begin, upto=told.frontier):
        # By its plain name, archived or not, so that it is one segment to whoever reads it.
        place = replace(found, segment=segment_path(config.directory, first_of(found.segment)))
        lines.append(Line(place, commit, decode_line(place, commit)))
        read += place.length
        if read >= _MOST_BYTES:
            break
    return lines
