"""Begin a segment: its header and its name are durable before any line is written to it."""

import errno
import os
from pathlib import Path

from msgspec import Struct

from surestock.journal.errors import SyncFailed
from surestock.journal.line import encode_header
from surestock.journal.segment import segment_path
from surestock.kit.failpoints import cut, hit
from surestock.kit.files import FILE_MODE, sync_directory


class Begun(Struct, frozen=True):
    """A new segment: its descriptor, open for writing, its path, its size and its header's crc."""

    fd: int
    path: Path
    size: int
    crc: str


def begin_segment(directory: Path, prev: str, first: int, ts: str) -> Begun:
    """Begin the segment of record ``first`` behind the line with checksum ``prev``.

    Raises ``OSError``: it may be tried again. Raises :class:`SyncFailed`: it must not.
    """
    path = segment_path(directory, first)
    header, crc = encode_header(prev, first, ts)
    hit("journal.segment.create")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    try:
        write_whole("journal.segment.write", fd, header, 0)
        try:
            hit("journal.segment.fdatasync")
            os.fdatasync(fd)
            sync_directory(directory)
        except OSError as error:
            msg = f"a new segment cannot be made durable: {error.strerror or error}"
            raise SyncFailed(msg) from error
    except BaseException:
        os.close(fd)
        raise
    return Begun(fd, path, len(header), crc)


def write_whole(name: str, fd: int, line: bytes, offset: int) -> None:
    """Write ``line`` at ``offset``, at the failpoint ``name``; a short write is an ``OSError``."""
    hit(name)
    written = os.pwrite(fd, cut(name, line), offset)
    if written != len(line):
        raise OSError(errno.ENOSPC, f"only {written} of {len(line)} bytes were written")
