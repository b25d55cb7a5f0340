"""Who works on a log: a ``flock`` for life, which the kernel lets go of at any death.

One process that has the log for itself, or several that share it; never both.
"""

import fcntl
import os
import socket
from pathlib import Path
from typing import Self

from surestock.journal.errors import JournalHeld
from surestock.kit.files import FILE_MODE


class JournalHold:
    """Holds the log in ``directory`` from when it is made until it is closed.

    With ``shared``, others that share it may hold it too. Raises :class:`JournalHeld`, naming the
    process (of several the one that came last), when another one has it.
    """

    def __init__(self, directory: Path, *, shared: bool = False) -> None:
        self._fd = os.open(directory / "owner", os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(self._fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 200, 0).decode(errors="replace").strip()
            os.close(self._fd)
            raise JournalHeld(directory, holder or "another process") from None
        # Over the last name, and cut afterwards: so a full disk has room for it.
        name = f"process {os.getpid()} on {socket.gethostname()}\n".encode()
        os.pwrite(self._fd, name, 0)
        os.ftruncate(self._fd, len(name))

    def close(self) -> None:
        """Let go of the log."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
