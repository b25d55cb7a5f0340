"""Follow a log that another process writes, up to what that process says is durable.

The file may hold more: lines that are written and not yet synced, which a crash takes away again.
Nothing of that is ever read, so nothing of it has to be forgotten.
"""

from pathlib import Path
from typing import NoReturn, Self

from surestock.journal.chain import BrokenChain, Chain, header_of
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.line import BadLine, Commit
from surestock.journal.position import Frontier
from surestock.journal.scan import LogStart
from surestock.journal.segment import segments_from
from surestock.journal.stored import StoredSegment, open_segment

_MOST_BYTES = 4 * 1024 * 1024


class Tail:
    """Reads a log on from ``start``. One thread uses it.

    ``sequence`` is the last record that was handed out, ``crc`` the checksum of its line.
    """

    def __init__(self, directory: Path, archive: Path | None, start: LogStart) -> None:
        self._directory = directory
        self._archive = archive
        self._start = start
        self._chain = Chain(start.sequence, start.crc)
        self._stored: StoredSegment | None = None
        self._first = 0
        self._line = 1
        self._offset = 0

    @property
    def sequence(self) -> int:
        """The last record that was handed out."""
        return self._chain.sequence

    @property
    def crc(self) -> str:
        """The checksum of the line that ended with it."""
        return self._chain.crc

    def read(self, frontier: Frontier, most_bytes: int = _MOST_BYTES) -> list[Commit]:
        """Return the next group commits, up to ``frontier``, of about ``most_bytes`` at most.

        There is at least one unless everything was read. Raises :class:`JournalDamaged` when the
        next line is not there, altered, or does not follow the last; ``UnknownFormat``;
        ``OSError``. Sound lines before it are returned first. It may be called again after any of
        these: the file is opened anew.
        """
        commits: list[Commit] = []
        read = 0
        try:
            while self.sequence < frontier.sequence and read < most_bytes:
                stored = self._segment()
                for line in stored.lines(self._offset, self._stop(stored, frontier)):
                    commit = self._proved(stored, line)
                    if commit is not None and commit.first > self._start.sequence:
                        commits.append(commit)
                        read += len(line)
                    if read >= most_bytes or self.sequence >= frontier.sequence:
                        break
                else:
                    self._go_on(stored, frontier)
        except (JournalError, OSError):
            self.close()
            if not commits:
                raise
        return commits

    def close(self) -> None:
        """Close the file that is open."""
        if self._stored is not None:
            self._stored.close()
            self._stored = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _segment(self) -> StoredSegment:
        """Return the segment to read on in."""
        if self._stored is None:
            if not self._first:
                following = self.sequence + 1
                segments = segments_from(self._directory, self._archive, following)
                self._first = min([segment.first for segment in segments[:1]] + [following])
            self._stored = open_segment(self._directory, self._archive, self._first)
        return self._stored

    def _stop(self, stored: StoredSegment, frontier: Frontier) -> int:
        """Return the byte up to which the segment is durable."""
        if self._first < frontier.segment:
            return stored.size
        return frontier.end if self._first == frontier.segment else 0

    def _proved(self, stored: StoredSegment, line: bytes) -> Commit | None:
        """Return the group commit that ``line`` holds, None for a header, and go on behind it."""
        commit = None
        try:
            if not line.endswith(b"\n"):
                self._refuse(stored, "it has no end")
            if self._line == 1:
                self._chain.header(header_of(stored.path, line[:-1]))
            else:
                commit = self._chain.commit(line[:-1])
        except (BadLine, BrokenChain) as error:
            self._refuse(stored, str(error))
        self._line += 1
        self._offset += len(line)
        return commit

    def _go_on(self, stored: StoredSegment, frontier: Frontier) -> None:
        """Leave a segment that was read to its end for the next one."""
        if self._first >= frontier.segment:
            self._refuse(stored, f"record {self._chain.expected} was expected, but does not follow")
        self.close()
        self._first, self._line, self._offset = self._chain.expected, 1, 0

    def _refuse(self, stored: StoredSegment, why: str) -> NoReturn:
        raise JournalDamaged(stored.path, self._line, self._offset, why)
