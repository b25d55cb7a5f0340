"""Where the members of an archived segment start: the file is walked once, header by header."""

import os
from array import array
from collections import OrderedDict
from threading import Lock

from msgspec import Struct

from surestock.journal.member import HEADER_BYTES, MEMBER_BYTES, BadMember, is_ours, read_header

_MOST_TABLES = 2048
"""How many tables are kept, of 8 KiB for a segment of 64 MiB."""


class MemberTable(Struct, frozen=True):
    """Where each member starts in its file, then where the last one ends; the segment's size.

    ``why`` tells what is wrong behind the last member that was found; None when all were.
    """

    starts: "array[int]"
    size: int
    why: str | None = None


class MemberTables:
    """The newest of the tables that were made, so that most reads need not walk a file anew."""

    def __init__(self, most: int = _MOST_TABLES) -> None:
        self._most = most
        self._tables: OrderedDict[tuple[str, int, int, int, int], MemberTable] = OrderedDict()
        self._lock = Lock()

    def of(self, fd: int, path: str) -> MemberTable | None:
        """Return the table of the file that is open as ``fd``; None when it is none of ours."""
        stat = os.fstat(fd)
        key = (path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        with self._lock:
            known = self._tables.get(key)
            if known is not None:
                self._tables.move_to_end(key)
                return known
        if not is_ours(os.pread(fd, HEADER_BYTES, 0)):
            return None
        table = _walk(fd, stat.st_size)
        if table.why is None:
            with self._lock:
                self._tables[key] = table
                while len(self._tables) > self._most:
                    self._tables.popitem(last=False)
        return table


def _walk(fd: int, file_bytes: int) -> MemberTable:
    starts = array("Q", [0])
    size = 0
    try:
        while not size or (len(starts) - 1) * MEMBER_BYTES < size:
            member, total = read_header(os.pread(fd, HEADER_BYTES, starts[-1]))
            if total != (size or total) or not total:
                return MemberTable(starts, size, "the archive is damaged: its members disagree")
            size = total
            if starts[-1] + member > file_bytes:
                return MemberTable(starts, size, "the archive is cut off")
            starts.append(starts[-1] + member)
    except BadMember as error:
        return MemberTable(starts, size, str(error))
    if starts[-1] != file_bytes:
        return MemberTable(starts, size, "the archive is damaged: more follows its last member")
    return MemberTable(starts, size)
