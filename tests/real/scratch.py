"""Folders of servers: gone with the test run that made them, or with the next one.

Each name holds the number of its process, so that what a killed test run left behind is told
apart and removed. Otherwise a few of them fill the memory that some of these folders lie in.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - it is a file system, and it is looked at first
ROOM_BYTES: Final = 1 << 30
_PREFIX: Final = "surestock-real-"
_MADE_BY: Final = re.compile(rf"{_PREFIX}(\d+)-")


def scratch_folder(parent: Path) -> Path:
    """Make a new folder below ``parent``, and remove those of test runs that are gone."""
    for left in parent.glob(f"{_PREFIX}*"):
        made_by = _MADE_BY.match(left.name)
        if made_by and not _runs(int(made_by[1])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


def fastest_place() -> Path:
    """Return where flushing costs least: a file system in memory, when it has room."""
    usable = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    if usable and shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES:
        return IN_MEMORY
    return Path(tempfile.gettempdir())


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
