"""Files that are there as a whole or not at all, and directories that remember their entries.

After a file is created or renamed, the directory must be synced too: without that, a power cut
can take the name away although the content was durable.
"""

import os
from pathlib import Path

from surestock.kit.failpoints import hit

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600


def make_directory(path: Path) -> None:
    """Create ``path`` and its parents for the owner alone, durably. Existing ones are left."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the entries of ``path`` durable. Raises ``OSError``; then nothing is promised."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        hit("directory.fsync")
        os.fsync(fd)
    finally:
        os.close(fd)


def is_same_file(fd: int, path: Path) -> bool:
    """Tell whether ``path`` still names the file that ``fd`` is open on."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def write_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: after a crash it holds the old content or the new one.

    Raises ``OSError``; then ``path`` is as it was, though a ``.tmp`` file may be left beside it.
    """
    temporary = path.with_name(path.name + ".tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    try:
        write_all(fd, content)
        hit("file.fsync")
        os.fsync(fd)
    finally:
        os.close(fd)
    hit("file.rename")
    temporary.replace(path)
    sync_directory(path.parent)


def write_all(fd: int, content: bytes) -> None:
    """Write all of ``content`` at the file's position. Raises ``OSError``."""
    rest = memoryview(content)
    while rest:
        hit("file.write")
        rest = rest[os.write(fd, rest) :]
