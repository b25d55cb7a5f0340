"""A real file system in an image file, whose power can be cut.

``FS_IOC_SHUTDOWN`` with the flag "no log flush" (xfs_fs.h, and the same in fs/ext4/ext4.h) makes
ext4 and XFS stop at once, as at a power cut: nothing that is only in memory gets to the disk any
more, neither data nor the file system's own journal. The next mount replays what was on the disk.
"""

import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

_FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
_NO_LOG_FLUSH = struct.pack("<I", 2)
_MEBIBYTES = {"ext4": 64, "xfs": 320}
_MAKE = {"ext4": ("mkfs.ext4", "-q", "-F"), "xfs": ("mkfs.xfs", "-q", "-f")}
# By itself ext4 writes its journal every five seconds, and keeps what a slow test left for a cut.
_OPTIONS = {"ext4": "loop,commit=3600", "xfs": "loop"}


class LoopDisk:
    """An image in ``folder``, mounted at ``folder/mounted``."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.mounted = folder / "mounted"
        self._image = folder / f"{kind}.image"
        self._options = _OPTIONS[kind]
        self._is_in = False
        self.mounted.mkdir(parents=True)
        with self._image.open("wb") as image:
            image.truncate(_MEBIBYTES[kind] << 20)
        _run(*_MAKE[kind], str(self._image))

    def mount(self) -> None:
        """Mount the image. Raises ``CalledProcessError`` where that is not allowed."""
        _run("mount", "-o", self._options, str(self._image), str(self.mounted))
        self._is_in = True

    def cut(self) -> None:
        """Switch the power off. What is mounted answers with errors until it is unmounted."""
        fd = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _FS_IOC_SHUTDOWN, _NO_LOG_FLUSH)
        finally:
            os.close(fd)

    def unmount(self) -> None:
        """Take the disk out."""
        _run("umount", str(self.mounted))
        self._is_in = False

    def close(self) -> None:
        """Take the disk out, if it is in, and throw it away."""
        if self._is_in:
            self.unmount()
        self._image.unlink()


def why_unavailable(kind: str, folder: Path) -> str | None:
    """Return why no such disk can be had here, in words for a skip; None when it can."""
    if os.geteuid() != 0:
        return "power cuts need root: they mount a loop device"
    for tool in (_MAKE[kind][0], "mount", "umount"):
        if shutil.which(tool) is None:
            return f"power cuts on {kind} need {tool}, which is not installed"
    try:
        disk = LoopDisk(kind, folder)
        disk.mount()
    except subprocess.CalledProcessError as error:
        return f"power cuts need a loop mount, which is not permitted here: {error.stderr.strip()}"
    try:
        disk.cut()
    except OSError as error:
        return f"this kernel's {kind} cannot be shut down: {error.strerror}"
    finally:
        disk.close()
    return None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
