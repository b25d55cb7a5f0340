"""Cut a torn tail off, after setting it aside: what nobody was told of is no part of the log.

The copy needs room, and a disk that is full has none. Then nothing is cut: the log can be read as
it is, and whoever appends to it repairs it first, when there is room again.
"""

import os
from errno import EDQUOT, ENOSPC
from pathlib import Path

from surestock.journal.errors import NoRoom
from surestock.journal.scan import TornTail
from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, sync_directory, write_all


def cut_torn_tail(torn: TornTail) -> Path:
    """Copy the tail to ``<segment>.torn``, durably, then truncate the segment, durably.

    A segment of which nothing is left is removed.

    Return where the copy is. An older copy is kept: the new tail is appended to it. Raises
    :class:`NoRoom` when the copy does not fit; then everything is as it was, and it may be tried
    again. Raises ``OSError``; then the segment is as it was, or was cut and perhaps not durably.
    """
    aside = torn.segment.with_name(torn.segment.name + ".torn")
    with torn.segment.open("rb") as segment:
        segment.seek(torn.offset)
        tail = segment.read()
    _set_aside(aside, tail)
    if torn.offset == 0:
        # Not even its header was written: no record can be in it.
        hit("repair.unlink")
        torn.segment.unlink()
        sync_directory(torn.segment.parent)
        return aside
    fd = os.open(torn.segment, os.O_WRONLY)
    try:
        os.ftruncate(fd, torn.offset)
        hit("repair.truncate.fsync")
        os.fsync(fd)
    finally:
        os.close(fd)
    return aside


def _set_aside(aside: Path, tail: bytes) -> None:
    """Append ``tail`` to ``aside``, durably. Raises :class:`NoRoom`; then nothing was appended."""
    try:
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        try:
            before = os.fstat(fd).st_size
            try:
                write_all(fd, tail)
                hit("repair.copy.fsync")
                os.fsync(fd)
            except OSError:
                # Else each start on a full disk would leave another piece of it.
                os.ftruncate(fd, before)
                if not before:
                    aside.unlink()
                raise
        finally:
            os.close(fd)
        sync_directory(aside.parent)
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT}:
            msg = f"a torn tail of {len(tail)} bytes cannot be set aside: {error.strerror}"
            raise NoRoom(msg) from error
        raise
