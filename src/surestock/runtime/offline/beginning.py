"""Where a log begins: with record 1, or later, when what came before was deleted.

Without an archive, segments that snapshots cover go for good. What a later segment's header says
of the line before it is then all that is known of that line.
"""

from surestock.engine.log import LogConfig
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import BadLine, decode_header
from surestock.journal.scan import FROM_THE_FIRST, LogStart
from surestock.journal.segment import all_segments
from surestock.journal.stored import open_segment
from surestock.snapshot import (
    Snapshot,
    SnapshotDamaged,
    read_snapshot,
    snapshot_path,
    snapshot_sequences,
)


def log_beginning(config: LogConfig) -> LogStart:
    """Return what comes before the first segment that there is. Raises a ``JournalError``."""
    segments = all_segments(config.directory, config.archive)
    if not segments or segments[0].first == 1:
        return FROM_THE_FIRST
    return before_segment(config, segments[0].first)


def before_segment(config: LogConfig, first: int) -> LogStart:
    """Return what comes before the segment that begins with ``first``, as its header says.

    Raises a ``JournalError``.
    """
    with open_segment(config.directory, config.archive, first) as stored:
        try:
            header = decode_header(next(stored.lines(0), b"").removesuffix(b"\n"))
        except BadLine as error:
            raise JournalDamaged(stored.path, 1, 0, str(error)) from error
    return LogStart(first - 1, header.prev)


def oldest_base(config: LogConfig, beginning: LogStart) -> Snapshot | None:
    """Return the oldest sound snapshot from which the log goes on; None when there is none.

    It stands for the records that were deleted, so nothing proves it but its own checksums.
    """
    for sequence in snapshot_sequences(config.snapshots):
        if sequence >= beginning.sequence:
            try:
                snapshot = read_snapshot(snapshot_path(config.snapshots, sequence))
            except SnapshotDamaged:
                continue
            if sequence > beginning.sequence or snapshot.crc == beginning.crc:
                return snapshot
    return None
