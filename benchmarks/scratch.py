"""Where the servers under measurement keep their data: a directory on a real disk, removed after.

Every contender writes to the same file system. On one that lives in memory an fdatasync costs
nothing and every figure about durability would be a lie, so such a directory is refused.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.errors import SetupError

_VOLATILE: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_SYNC_SAMPLES: Final = 200
_BLOCK: Final = b"x" * 4096


def file_system(directory: Path) -> str:
    """Return the type of the file system that holds ``directory``, e.g. ``ext4``."""
    place = directory.resolve()
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mounted, kind, *_ = line.split()
        if place.is_relative_to(mounted) and len(mounted) >= len(best[0]):
            best = (mounted, kind)
    return best[1]


@contextmanager
def scratch_directory(parent: Path | None) -> Iterator[Path]:
    """Give a new directory under ``parent`` (default: the system's own place) and remove it after.

    Raises SetupError when it would lie in memory.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    kind = file_system(place)
    if kind in _VOLATILE:
        raise SetupError(
            f"The scratch directory is on {kind}, where nothing is durable: "
            "name one on a disk with --scratch."
        )
    made = Path(tempfile.mkdtemp(prefix="surestock-bench-", dir=place))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def sync_microseconds(directory: Path) -> float:
    """Return the median time in µs to append 4 KiB and fdatasync it: what the disk allows."""
    target = directory / "sync-probe"
    times: list[float] = []
    with target.open("wb", buffering=0) as sink:
        for _ in range(_SYNC_SAMPLES):
            begun = time.perf_counter()
            sink.write(_BLOCK)
            os.fdatasync(sink.fileno())
            times.append(time.perf_counter() - begun)
    target.unlink()
    return median(times) * 1e6
