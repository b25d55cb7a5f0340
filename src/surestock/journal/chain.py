"""The proof that lines follow each other: checksum, chain and sequence, from line to line."""

from pathlib import Path

from surestock.journal.errors import UnknownFormat
from surestock.journal.line import FORMAT, Commit, Header, decode_commit, decode_header
from surestock.journal.segment import first_of


class BrokenChain(Exception):
    """A line is sound by itself, and does not follow from those before it. The message says why."""


class Chain:
    """Follows a log from record ``sequence`` on, whose line has checksum ``crc``.

    ``sequence`` and ``crc`` are those of the last group commit that was proved, ``prev`` is the
    checksum of the last line, be it that or a header. The first segment may start before
    ``sequence``: then its lines are proved up to that one, and ``behind`` is true meanwhile.
    """

    def __init__(self, sequence: int, crc: str) -> None:
        self.sequence = sequence
        self.crc = crc
        self.prev = crc
        self._last = sequence
        self._begun = False

    @property
    def behind(self) -> bool:
        """Whether the record to follow from has not been reached."""
        return self._last < self.sequence

    @property
    def expected(self) -> int:
        """The sequence that the next line must start with."""
        return self._last + 1

    def header(self, header: Header) -> None:
        """Take the header of the next segment. Raises :class:`BrokenChain`."""
        if not self._begun and header.first <= self.sequence:
            self._last = header.first - 1
        else:
            self._follows(header.prev, header.first)
        self._begun = True
        self.prev = header.crc

    def commit(self, line: bytes) -> Commit:
        """Return the group commit that ``line`` holds. Raises :class:`BrokenChain`, ``BadLine``."""
        commit = decode_commit(line)
        self._follows(commit.prev, commit.first)
        if commit.last < commit.first:
            msg = f"it holds records {commit.first} to {commit.last}"
            raise BrokenChain(msg)
        if commit.first <= self.sequence <= commit.last and not self._is_start(commit):
            msg = f"it is not the line with checksum {self.crc} that ended with {self.sequence}"
            raise BrokenChain(msg)
        self._last, self.prev = commit.last, commit.crc
        if not self.behind:
            self.sequence, self.crc = commit.last, commit.crc
        return commit

    def _is_start(self, commit: Commit) -> bool:
        return (commit.last, commit.crc) == (self.sequence, self.crc)

    def _follows(self, prev: str, first: int) -> None:
        if first != self.expected:
            msg = f"record {self.expected} was expected, but {first} follows"
            raise BrokenChain(msg)
        if prev != self.prev:
            msg = f"it follows a line with checksum {prev}, not {self.prev}"
            raise BrokenChain(msg)


def header_of(path: Path, line: bytes) -> Header:
    """Return the header that the first ``line`` of the segment ``path`` holds.

    Raises ``BadLine``, :class:`BrokenChain` and :class:`UnknownFormat`.
    """
    header = decode_header(line)
    if header.format != FORMAT:
        raise UnknownFormat(path, header.format)
    if header.first != first_of(path):
        msg = f"the segment starts with record {header.first}, unlike its name"
        raise BrokenChain(msg)
    return header
