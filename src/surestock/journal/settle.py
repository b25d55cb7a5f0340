"""Before a log is read at start: let the disk, and not the page cache, say what it holds.

A process that was killed may have written a line, or made a segment, and not synced it: what is
read now would be served, and built upon, without being durable. And after a failed fdatasync the
kernel may keep pages as clean that never reached the disk; they must not be believed.
"""

import os
from pathlib import Path

from surestock.journal.segment import list_segments
from surestock.kit.failpoints import hit
from surestock.kit.files import sync_directory


def settle(directory: Path) -> None:
    """Sync the last segment and the names of all, and drop the segment's pages from memory.

    Only the last segment can hold anything that was never synced: the one before was synced with
    its last line, before the next was made. Raises ``OSError``; then nothing may be trusted.
    """
    segments = list_segments(directory)
    if segments:
        fd = os.open(segments[-1], os.O_RDWR)
        try:
            hit("settle.fsync")
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)
    sync_directory(directory)
    sync_directory(directory.parent)
