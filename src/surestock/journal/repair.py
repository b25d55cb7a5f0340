"""Cut a torn tail off, after setting it aside: what nobody was told of is no part of the log."""

import os
from pathlib import Path

from surestock.journal.scan import TornTail
from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, sync_directory, write_all


def cut_torn_tail(torn: TornTail) -> Path:
    """Copy the tail to ``<segment>.torn``, durably, then truncate the segment, durably.

    A segment of which nothing is left is removed.

    Return where the copy is. An older copy is kept: the new tail is appended to it. Raises
    ``OSError``; then the segment is as it was.
    """
    aside = torn.segment.with_name(torn.segment.name + ".torn")
    with torn.segment.open("rb") as segment:
        segment.seek(torn.offset)
        tail = segment.read()
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
    try:
        write_all(fd, tail)
        hit("repair.copy.fsync")
        os.fsync(fd)
    finally:
        os.close(fd)
    sync_directory(aside.parent)
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
