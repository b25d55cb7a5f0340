"""The directory of the leases, opened once; its files are reached from there and nowhere else.

No name in it may be a symbolic link, nor the directory itself: else who can write one could let
this process write elsewhere. Nothing is synced: a lease is of no use after a power cut, since it
counts only for the boot that it was written under.
"""

import errno
import os
from pathlib import Path

from surestock.kit.files import FILE_MODE, make_directory
from surestock.locking.lease.record import MOST_BYTES

# Without O_NONBLOCK, whoever opens a pipe would wait for its other end.
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

# On ext4 a deleted file makes each new one dearer for minutes: the allocator of inodes passes by
# all that were deleted lately. So as many are kept as there were leases at once, to a bound.
_MOST_SPARES = 32


class LeaseDirectory:
    """The directory at ``path``, made on first use. Every method raises ``OSError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._identity = (0, 0)
        self._spares: dict[str, int] = {}
        """How many spare files there are of a name, as far as is known: others use them as well."""

    def is_replaced(self) -> bool:
        """Tell whether another directory is at the path by now than the one that is open, or none.

        Whoever comes new would be in that one, and know nothing of the leases in this one.
        """
        if self._fd < 0:
            return False
        try:
            status = self._path.lstat()
        except FileNotFoundError:
            return True
        return (status.st_dev, status.st_ino) != self._identity

    def open(self, name: str, flags: int) -> int:
        """Return a descriptor of the file ``name``, for its owner alone where it is made."""
        if self._fd < 0:
            make_directory(self._path)
            self._fd = _open(str(self._path), os.O_RDONLY | os.O_DIRECTORY, None)
            status = os.fstat(self._fd)
            self._identity = (status.st_dev, status.st_ino)
        return _open(name, flags, self._fd)

    def find(self, name: str) -> bytes | None:
        """Return the content of a file, cut off where no lease ends; None when there is none."""
        try:
            fd = self.open(name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            return os.read(fd, MOST_BYTES + 1)
        finally:
            os.close(fd)

    def replace(self, name: str, spare: str, content: bytes) -> None:
        """Let ``name`` hold ``content`` or what it held before, whenever this process dies.

        ``spare`` begins the names of the files to write it to first, with any content or none. One
        is used up, and nobody else may use one meanwhile.
        """
        found, fd, size = self._open_spare(spare)
        try:
            if os.write(fd, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), found)
            if size > len(content):
                # Not before, to nothing: ext4 would hurry such a file to the disk when it is
                # closed (auto_da_alloc, ext4(5)), and that takes ten times as long as the rest.
                os.ftruncate(fd, len(content))
        finally:
            os.close(fd)
        os.rename(found, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def retire(self, name: str, spare: str) -> None:
        """Remove the file ``name``: it becomes a spare one, unless there are many."""
        count = self._spares.get(spare, 0)
        # To rename over another file would hurry this one to the disk (auto_da_alloc).
        while count < _MOST_SPARES and os.access(f"{spare}-{count}", os.F_OK, dir_fd=self._fd):
            count += 1
        if count == _MOST_SPARES:
            os.unlink(name, dir_fd=self._fd)
        else:
            os.rename(name, f"{spare}-{count}", src_dir_fd=self._fd, dst_dir_fd=self._fd)
            count += 1
        self._spares[spare] = count

    def close(self) -> None:
        """Close it. The next use opens it again, and makes it again if need be."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open_spare(self, spare: str) -> tuple[str, int, int]:
        """Return the name, the descriptor and the size of a spare file; it is made if need be."""
        count = self._spares.get(spare, 0)
        while True:
            count = max(count - 1, 0)
            name = f"{spare}-{count}"
            try:
                fd = self.open(name, os.O_WRONLY | (0 if count else os.O_CREAT))
            except FileNotFoundError:
                if not count:
                    raise
                continue  # another process has used it up
            self._spares[spare] = count
            break
        try:
            status = os.fstat(fd)
            if status.st_nlink == 1:
                return name, fd, status.st_size
            # It has a second name, and what stands under that is not ours to write.
            os.unlink(name, dir_fd=self._fd)
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        return name, self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL), 0


def _open(name: str, flags: int, dir_fd: int | None) -> int:
    try:
        return os.open(name, flags | _FLAGS, FILE_MODE, dir_fd=dir_fd)
    except OSError as error:
        if error.errno == errno.ELOOP or (error.errno == errno.ENOTDIR and dir_fd is None):
            msg = "is a symbolic link or of another kind than expected, and is left alone"
            raise OSError(error.errno, msg, name) from None
        raise
