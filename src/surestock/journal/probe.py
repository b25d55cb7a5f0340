"""Does a log have room to grow? A file that is written, synced and removed beside it tells.

Asking the file system how much is free would tell less: quotas, reserves and a disk that fails
stand between that number and a write. The bytes are random, since a file system that compresses
would find room for any number of equal ones.

The file has no segment's name, so nobody who lists segments sees it. A process that is killed while
it probes leaves the file behind; the next start removes it, before it needs any room itself.
"""

import os
from pathlib import Path

from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE

_NAME = "probe.tmp"
_PIECE_BYTES = 1 << 20


def probe_room(directory: Path, size: int) -> None:
    """Write and sync a file of ``size`` bytes in ``directory``, and remove it. Raises ``OSError``.

    A failed fdatasync here says nothing of the log's own pages, so nothing is lost by it and the
    process may go on. But a disk that cannot sync one file is none to trust with the next.
    """
    path = directory / _NAME
    hit("journal.probe.create")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    try:
        while size > 0:
            hit("journal.probe.write")
            size -= os.write(fd, os.urandom(min(size, _PIECE_BYTES)))
        hit("journal.probe.fdatasync")
        os.fdatasync(fd)
    finally:
        os.close(fd)
        hit("journal.probe.unlink")
        path.unlink()


def remove_probe(directory: Path) -> None:
    """Remove what a killed process left of a probe. Raises ``OSError``."""
    (directory / _NAME).unlink(missing_ok=True)
