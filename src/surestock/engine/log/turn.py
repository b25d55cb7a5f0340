"""One process at a time works on what is derived from the log: a ``flock``, let go of at any death.

It is the upkeep, or a start that finds an index missing.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surestock.kit.errors import SurestockError
from surestock.kit.files import FILE_MODE, make_directory


class UpkeepRunning(SurestockError):
    """Another process is at it already."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"Another upkeep works on {directory} now. It will have done the same.")


@contextmanager
def turn(directory: Path, *, wait: bool) -> Iterator[None]:
    """Hold ``directory``; wait for it, or raise :class:`UpkeepRunning` when another has it."""
    make_directory(directory)
    fd = os.open(directory / "owner", os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    except BlockingIOError:
        raise UpkeepRunning(directory) from None
    finally:
        os.close(fd)
