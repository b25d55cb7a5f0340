"""One process at a time works on what is derived from the log: a ``flock``, let go of at any death.

It is the upkeep, or a start that finds an index missing.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surestock.kit.errors import SurestockError
from surestock.kit.files import FILE_MODE, make_directory

_LOOK_EVERY_S = 0.1


class UpkeepRunning(SurestockError):
    """Another process is at it already."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"Another upkeep works on {directory} now. Let it end first.")


@contextmanager
def turn(directory: Path, within_s: float = 0.0) -> Iterator[None]:
    """Hold ``directory``, within ``within_s`` seconds; raise :class:`UpkeepRunning` else."""
    make_directory(directory)
    fd = os.open(directory / "owner", os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        _lock(fd, directory, within_s)
        yield
    finally:
        os.close(fd)


def _lock(fd: int, directory: Path, within_s: float) -> None:
    # Asked again and again: a call that waits in the kernel would wait for a paused one for ever.
    for _ in range(int(within_s / _LOOK_EVERY_S)):
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_EVERY_S)
    try:
        return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UpkeepRunning(directory) from None
