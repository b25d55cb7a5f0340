"""File leases with a hole, in the form of :class:`FileLeases`: for the proof's teeth alone.

Each takes its time between the look at a lease and what it does then, so that others get there.
"""

import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from surestock.kit.clock import Clock
from surestock.locking.lease import FileLeases, LeaseHeld

_LATE_S = 0.001


class _Hesitant:
    """A clock that is read in no time, and then looked at for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        read = self._clock.monotonic()
        time.sleep(_LATE_S)
        return read


class ReadDeleteCreate(FileLeases):
    """The textbook way: create exclusively; if there is one whose time is over, delete it first.

    Between the look at it and its deletion, another process may have put its own there.
    """

    def __init__(self, directory: Path, owner: str, clock: Clock, boot_id: str) -> None:
        super().__init__(directory, owner, clock, boot_id)
        self._path, self._name, self._clock = directory, owner, _Hesitant(clock)

    def acquire(self, key: str, ttl_s: float, about: str = "") -> Any:
        file = self._path / key
        try:
            self._create(file, ttl_s)
        except FileExistsError:
            try:
                held = json.loads(file.read_text())
            except (ValueError, FileNotFoundError):  # somebody is at it
                raise LeaseHeld(key, "somebody", about) from None
            if held["expiresAt"] >= self._clock.monotonic():
                raise LeaseHeld(key, held["owner"], about) from None
            try:
                file.unlink()
                self._create(file, ttl_s)
            except (FileNotFoundError, FileExistsError):
                raise LeaseHeld(key, "somebody", about) from None

    def _create(self, file: Path, ttl_s: float) -> None:
        self._path.mkdir(exist_ok=True)
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        lease = {"owner": self._name, "expiresAt": self._clock.monotonic() + ttl_s}
        os.write(fd, json.dumps(lease).encode())
        os.close(fd)


class Unguarded(FileLeases):
    """Ours, but whoever comes passes the guard."""

    def __init__(self, directory: Path, owner: str, clock: Clock, boot_id: str) -> None:
        super().__init__(directory, owner, _Hesitant(clock), boot_id)
        self._guards._lock = lambda _fd, _name: None  # type: ignore[assignment,method-assign]  # noqa: SLF001
