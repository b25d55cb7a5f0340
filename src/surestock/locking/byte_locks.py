"""Locks between processes that last as long as their holder: a byte of one file for each key.

They are the kernel's locks on an open file description (``F_OFD_SETLK``, fcntl_locking(2)). It lets
go of them when the last descriptor is closed, so at any death at once; and never before, however
long a process stands still. That is the other half of what a lease does: a lease passes on when
its time is over, these never do.

A key's byte is a hash of it, so the file stays empty and one descriptor is enough for any number of
keys. Two keys of one byte would only wait for each other.
"""

import errno
import fcntl
import os
from hashlib import blake2b
from pathlib import Path
from struct import Struct

from surestock.kit.files import FILE_MODE

# struct flock: l_type, l_whence, l_start, l_len, l_pid, which must be 0 here, and padding.
_FLOCK = Struct("@hhqqi4x")
# A byte's number is a signed 64-bit number, and one beyond the last locked byte is needed too.
_BITS = 62
_HELD_ELSEWHERE = (errno.EAGAIN, errno.EACCES)


class ByteLocks:
    """The locks on the file at ``path``, which is made when there is none. Raises ``OSError``.

    Each such object excludes every other one, of this process too. Within one object, a key is
    locked once at a time. A child that is forked while it is open, and not executed, would hold
    what its parent holds. One thread uses it.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(path, flags, FILE_MODE)
        self._held: set[int] = set()

    def try_lock(self, key: str) -> bool:
        """Lock ``key`` and return True, or return False when it is locked. Never waits.

        Raises ``OSError`` when the file system has no such locks, or the kernel no room for one.
        """
        byte = _byte_of(key)
        if byte in self._held:
            return False
        try:
            self._set(fcntl.F_WRLCK, byte)
        except OSError as error:
            if error.errno in _HELD_ELSEWHERE:
                return False
            raise
        self._held.add(byte)
        return True

    def unlock(self, key: str) -> None:
        """Give ``key`` back. Raises ``RuntimeError`` when this object has not locked it."""
        byte = _byte_of(key)
        if byte not in self._held:
            msg = f"{key!r} was unlocked, but is not locked here"
            raise RuntimeError(msg)
        self._set(fcntl.F_UNLCK, byte)
        self._held.remove(byte)

    def close(self) -> None:
        """Give everything back, and close the file. May be repeated."""
        if self._fd >= 0:
            # First: a child that was just forked may still have a copy of the descriptor.
            self._set(fcntl.F_UNLCK, 0, 0)
            os.close(self._fd)
            self._fd = -1
            self._held.clear()

    def _set(self, kind: int, start: int, length: int = 1) -> None:
        fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, start, length, 0))


def _byte_of(key: str) -> int:
    digest = blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - _BITS)
