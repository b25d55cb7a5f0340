"""Read a segment by its uncompressed bytes, wherever it is kept by now.

Upkeep moves sealed segments into the archive while others read them. The archived copy is there
before the plain file goes, and a plain file that is open stays readable: so a reader that finds
no plain file finds the archived one, and notices nothing else.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, Self

from surestock.journal.content import Content, MemberContent, PlainContent, Unreadable, WholeContent
from surestock.journal.errors import JournalDamaged
from surestock.journal.member import MEMBER_BYTES
from surestock.journal.member_table import MemberTables
from surestock.journal.segment import all_segments, archived_path, segment_path

_TOO_SHORT = "the file ends here, and more was expected"
_tables = MemberTables()


class StoredSegment:
    """The segment in the file ``path``, plain or archived. One thread uses it.

    Offsets are those of the plain file. Raises ``FileNotFoundError`` and other ``OSError``, and
    :class:`JournalDamaged` when it is an archive that was cut or altered.
    """

    def __init__(self, path: Path, *, archived: bool) -> None:
        self.path = path
        fd = os.open(path, os.O_RDONLY)
        try:
            self._content: Content = self._open_archived(fd) if archived else PlainContent(fd)
        except BaseException:
            os.close(fd)
            raise

    @property
    def size(self) -> int:
        """How many bytes there are; more later, while the segment is written to."""
        return self._content.size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly the ``length`` bytes from ``offset`` on.

        Raises :class:`JournalDamaged` when they are not there, or altered, and ``OSError``.
        """
        content = self._read(offset, length)
        if len(content) < length:
            self.refuse(offset + len(content), _TOO_SHORT)
        return content

    def lines(self, offset: int, stop: int | None = None) -> Iterator[bytes]:
        """Yield the lines from ``offset`` on, with their line feeds, up to ``stop`` or the end.

        The last one lacks its line feed when there is none. Raises as :meth:`read_at` does.
        """
        begun: list[bytes] = []
        for chunk in self._chunks(offset, self.size if stop is None else stop):
            *whole, rest = chunk.split(b"\n")
            for line in whole:
                yield b"".join((*begun, line, b"\n"))
                begun.clear()
            if rest:
                begun.append(rest)
        if begun:
            yield b"".join(begun)

    def refuse(self, offset: int, why: str) -> NoReturn:
        """Raise :class:`JournalDamaged` for what stands at ``offset``, with the line's number.

        When something before it is damaged too, that is what is told.
        """
        line = 1 + sum(chunk.count(b"\n") for chunk in self._chunks(0, offset))
        raise JournalDamaged(self.path, line, offset, why)

    def close(self) -> None:
        """Close the file."""
        self._content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, offset: int, length: int) -> bytes:
        try:
            return self._content.read(offset, length)
        except Unreadable as error:
            self.refuse(error.offset, error.why)

    def _chunks(self, offset: int, stop: int) -> Iterator[bytes]:
        while offset < stop:
            length = min(MEMBER_BYTES - offset % MEMBER_BYTES, stop - offset)
            chunk = self._read(offset, length)
            yield chunk
            offset += len(chunk)
            if len(chunk) < length:
                self.refuse(offset, _TOO_SHORT)

    def _open_archived(self, fd: int) -> Content:
        table = _tables.of(fd, str(self.path))
        if table is not None:
            self._content = content = MemberContent(fd, table)
            if table.why is not None:
                self.refuse((len(table.starts) - 1) * MEMBER_BYTES, table.why)
            return content
        try:
            return WholeContent(fd)
        except Unreadable as error:
            raise JournalDamaged(self.path, 1, error.offset, error.why) from error


def open_segment(directory: Path, archive: Path | None, first: int) -> StoredSegment:
    """Open the segment that starts with record ``first``: the plain file, else the archived one.

    Raises :class:`JournalDamaged`, also when there is neither, and ``OSError``.
    """
    try:
        return StoredSegment(segment_path(directory, first), archived=False)
    except FileNotFoundError:
        if archive is None:
            raise missing(directory, archive, first) from None
    try:
        return StoredSegment(archived_path(archive, first), archived=True)
    except FileNotFoundError:
        raise missing(directory, archive, first) from None


def missing(directory: Path, archive: Path | None, first: int) -> JournalDamaged:
    """Return the error for the segment that starts with record ``first`` and is nowhere."""
    firsts = (segment.first for segment in all_segments(directory, archive))
    after = next((it for it in firsts if it > first), None)
    records = f"the records from {first} on" if after is None else f"records {first} to {after - 1}"
    where = (
        "not in the event log" if archive is None else "in neither the event log nor the archive"
    )
    return JournalDamaged(segment_path(directory, first), 1, 0, f"{records} are {where}")
