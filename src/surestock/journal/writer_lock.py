"""Which of several processes may append to a log: a ``flock``, held for some milliseconds.

The kernel lets go of it when its holder dies. A holder that is merely paused keeps it, since it may
be anywhere in a write: nobody appends until it goes on, or is killed.
"""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from surestock.kit.files import FILE_MODE, is_same_file

_NAME = "writer"
_MOST_NAME_BYTES = 200


class WriterLock:
    """The lock of the log in ``directory``. Nothing here waits. Raises ``OSError``."""

    def __init__(self, directory: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._path = directory / _NAME
        self._fd = os.open(self._path, flags, FILE_MODE)
        self._name = f"process {os.getpid()} on {socket.gethostname()}\n".encode()

    def try_take(self) -> bool:
        """Take the lock if nobody has it; tell whether that worked."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sign(self) -> None:
        """Write this process's name into the file, for those who ask who has it.

        A full disk may have no room for it: then an older name stays, and nothing depends on it.
        """
        with suppress(OSError):
            os.pwrite(self._fd, self._name, 0)
            os.ftruncate(self._fd, len(self._name))

    def is_in_use(self) -> bool:
        """Tell whether others take the same lock; not so when its file was removed or replaced."""
        return is_same_file(self._fd, self._path)

    def signed_by(self) -> str:
        """Return the name of the process that signed last."""
        return os.pread(self._fd, _MOST_NAME_BYTES, 0).decode(errors="replace").strip()

    def release(self) -> None:
        """Let go of the lock."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock, and of the file."""
        os.close(self._fd)
