"""Guards: small files, never deleted, whose ``flock`` lets one process at a time at a lease.

To read a lease, to find its time over and to put another in its place is one step only under a
lock. The lease's own file cannot be that lock, because it comes and goes: "read, delete, create
exclusively" lets a second process delete what the first has just created. So there is a fixed
number of guards, and a lease belongs to one by its hash.

A guard also holds the last token that was handed out under it, as 20 digits and a line end: so
tokens grow although the leases themselves are removed.
"""

import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from surestock.kit.clock import Clock
from surestock.locking.lease.directory import LeaseDirectory
from surestock.locking.lease.errors import GuardBusy

# In all a tenth of a second. A guard is needed for some dozens of microseconds: who has it for
# longer was stopped, and nobody knows for how long.
_PAUSES_S = (0.0002, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.036)
_LEFT_ALONE_S = 1.0
_TOKEN = re.compile(rb"[0-9]{20}\n")
_NS = 1_000_000_000
_REMOVALS = 3


class Guard:
    """A guard that this process has now."""

    __slots__ = ("_fd", "_monotonic")

    def __init__(self, fd: int, monotonic: Callable[[], float]) -> None:
        self._fd = fd
        self._monotonic = monotonic

    def next_token(self) -> int:
        """Return a token that is greater than all that were handed out here. Raises ``OSError``.

        Where the last one is not to be read, the nanoseconds since the boot are surely beyond it:
        none of this boot was handed out in less than one. The token is noted before it is used,
        so a death in between leaves one out.
        """
        noted = os.pread(self._fd, 64, 0)
        last = int(noted) if _TOKEN.fullmatch(noted) else int(self._monotonic() * _NS)
        content = b"%020d\n" % (last + 1)
        os.pwrite(self._fd, content, 0)
        if len(noted) > len(content):
            os.ftruncate(self._fd, len(content))
        return last + 1


class Guards:
    """The guards in ``directory``. One thread uses them. ``pause`` waits for so many seconds."""

    def __init__(
        self, directory: LeaseDirectory, clock: Clock, pause: Callable[[float], None]
    ) -> None:
        self._directory = directory
        self._monotonic = clock.monotonic
        self._pause = pause
        self._open: dict[str, int] = {}
        self._left_alone: dict[str, float] = {}

    @contextmanager
    def hold(self, name: str) -> Iterator[Guard]:
        """Have the guard ``name`` for the length of a block. Raises ``OSError``.

        Whoever waited in vain (:class:`GuardBusy`) does not wait for the same guard again for a
        second: a process that stands still must not hold up what has other guards.
        """
        fd = self._take(name)
        try:
            yield Guard(fd, self._monotonic)
        finally:
            # Not by closing it: a child that was just forked may still have a copy.
            fcntl.flock(fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close them all, and their directory. The next use opens what it needs again."""
        while self._open:
            os.close(self._open.popitem()[1])
        self._directory.close()

    def _take(self, name: str) -> int:
        if self._directory.is_replaced():
            self.close()
        for _ in range(_REMOVALS):
            fd = self._open.get(name)
            if fd is None:
                fd = self._open[name] = self._directory.open(name, os.O_RDWR | os.O_CREAT)
            self._lock(fd, name)
            links = os.fstat(fd).st_nlink
            if links == 1:
                return fd
            # It was removed, so others have a new one by now; or it has a second name, and what
            # stands under that is not ours to write.
            os.close(self._open.pop(name))
            if links > 1:
                raise OSError(errno.EMLINK, "has a second name, and is left alone", name)
        raise OSError(errno.ESTALE, "is removed again and again", name)

    def _lock(self, fd: int, name: str) -> None:
        waited_in_vain_until = self._left_alone.get(name, 0.0)
        pauses = () if self._monotonic() < waited_in_vain_until else _PAUSES_S
        for pause_s in (*pauses, None):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if pause_s is not None:
                    self._pause(pause_s)
            else:
                self._left_alone.pop(name, None)
                return
        if pauses:
            self._left_alone[name] = self._monotonic() + _LEFT_ALONE_S
        raise GuardBusy(name)
