"""Append to a log that other processes append to as well: only while holding the writer lock."""

import os
from contextlib import suppress

from surestock.journal.append import Appender, Batch, LogEnd
from surestock.journal.errors import SyncFailed, WriteFailed
from surestock.journal.frontier_page import FrontierPage
from surestock.journal.position import LogPosition
from surestock.journal.scan import Place
from surestock.journal.segment import first_of


def position_of(sequence: int, end: LogEnd) -> LogPosition:
    """Return the position of a log's end, whose last record is ``sequence``."""
    segment = 0 if end.segment is None else first_of(end.segment)
    return LogPosition(sequence, segment, end.size, end.lines, end.crc)


class SharedAppender(Appender):
    """An open end that moves by itself, too. ``page`` is set before the first batch.

    Its caller holds the writer lock from :meth:`resume` to :meth:`rest`, and nothing is left to
    append by then.
    """

    page: FrontierPage
    _may_write = False

    def resume(self, position: LogPosition) -> None:
        """Go on from ``position``, where the log ends by now. Raises ``OSError``.

        An archived segment is complete, as at a start: what comes next starts a new one.
        """
        path = position.path(self._directory)
        if path is None or path != self._path or not path.exists():
            self.close()
            self._path = path
            if path is not None and path.exists():
                self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        self._size, self._lines, self._crc = position.end, position.lines, position.prev
        self._dirty = False
        self._torn = None
        self._may_write = True

    def rest(self) -> None:
        """Write nothing until :meth:`resume`."""
        self._may_write = False

    def position(self, sequence: int) -> LogPosition:
        """Return where the log ends, whose last record is ``sequence``."""
        return position_of(sequence, LogEnd(self._path, self._size, self._crc, self._lines))

    def append(self, batch: Batch) -> Place:
        """Make ``batch`` durable, tell all processes so, and return where it stands.

        Raises as :meth:`Appender.append` does; ``AssertionError``, and nothing is written, when the
        caller has not the writer lock. What a failed write left is cut off at once, as far
        as that works: else whoever is the next to write does it.
        """
        if not self._may_write:
            msg = "a batch was to be appended without the writer lock"
            raise AssertionError(msg)
        try:
            place = super().append(batch)
        except WriteFailed:
            if self._dirty:
                with suppress(OSError):
                    self._truncate()
            raise
        try:
            self.page.write(self.position(batch.last))
        except OSError as error:
            msg = f"how far the event log is durable cannot be told: {error.strerror or error}"
            raise SyncFailed(msg) from error
        return place
