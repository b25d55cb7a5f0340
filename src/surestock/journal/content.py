"""The bytes of a segment, whichever way they are kept: plain, in members, or gzipped by others.

Each kind has ``size`` and ``read``, and is closed once. ``read`` returns fewer bytes than asked
only at the end, and raises :class:`Unreadable` where the bytes are not what was once written.
"""

import gzip
import os
import zlib
from typing import Protocol

from surestock.journal.member import MEMBER_BYTES, BadMember, decode_member
from surestock.journal.member_table import MemberTable


class Unreadable(Exception):
    """From ``offset`` of the segment on, its bytes cannot be had. ``why`` is for people."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(why)
        self.offset = offset
        self.why = why


class Content(Protocol):
    """What a segment holds, by byte."""

    @property
    def size(self) -> int:
        """How many bytes there are; more later, if the segment is still written to."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset`` on. Raises :class:`Unreadable` or ``OSError``."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class PlainContent:
    """A plain segment. What is open stays readable when the file is archived and removed."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def size(self) -> int:
        """How many bytes there are by now."""
        return os.fstat(self._fd).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset`` on."""
        content = os.pread(self._fd, length, offset)
        while 0 < len(content) < length:
            more = os.pread(self._fd, length - len(content), offset + len(content))
            if not more:
                break
            content += more
        return content

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class MemberContent:
    """An archived segment: to read a byte, the 64 KiB around it are inflated. The last are kept."""

    def __init__(self, fd: int, table: MemberTable) -> None:
        self._fd = fd
        self._starts = table.starts
        self._known = -1
        self._content = b""
        self.size = table.size

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset`` on. Raises :class:`Unreadable`."""
        stop = min(offset + length, self.size)
        parts = []
        while offset < stop:
            start = offset % MEMBER_BYTES
            part = self._member(offset // MEMBER_BYTES)[start : start + stop - offset]
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _member(self, number: int) -> bytes:
        if number != self._known:
            offset = number * MEMBER_BYTES
            start, end = self._starts[number], self._starts[number + 1]
            member = os.pread(self._fd, end - start, start)
            try:
                content = decode_member(member, min(MEMBER_BYTES, self.size - offset))
            except BadMember as error:
                raise Unreadable(offset, str(error)) from error
            self._known, self._content = number, content
        return self._content


class WholeContent:
    """A segment that another tool gzipped: nothing tells where a byte is, so all is inflated."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        try:
            with (
                os.fdopen(fd, "rb", closefd=False) as file,
                gzip.GzipFile(fileobj=file) as archived,
            ):
                self._content = archived.read()
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Unreadable(0, f"the archive is damaged ({error})") from error
        if not self._content:
            raise Unreadable(0, "the archive is empty")
        self.size = len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes from ``offset`` on."""
        return self._content[offset : offset + length]

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)
