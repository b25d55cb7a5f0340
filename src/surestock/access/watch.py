"""The keys as the file has them now: looked at every second, so a key is revoked without a restart.

A file that cannot be used any more locks nobody out and lets nobody in: the last good keys stay,
and ``stale`` says so. When it is sound again, it is read again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct

from surestock.access.caller import Caller
from surestock.access.errors import KeysFileUnusable
from surestock.access.key_file import Stamp, StoredKeys, read_keys, stamp_of
from surestock.access.keys import KeyRing
from surestock.telemetry.log import Log

EVERY_S = 1.0


class _Found(Struct, frozen=True):
    """What the file was read as. Without a ``stamp`` it is read again at the next look."""

    stamp: Stamp | None
    keys: StoredKeys = ()
    ring: KeyRing | None = None
    fault: str | None = None


class WatchedKeys:
    """The keys in ``path``, from :meth:`load` on; :meth:`run` keeps them up to date."""

    def __init__(
        self, path: Path, log: Log, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._path = path
        self._log = log
        self._sleep = sleep
        self._keys: StoredKeys | None = None
        self._ring = KeyRing(())
        self._found = _Found(None)
        self._believed: Stamp | None = None

    @property
    def stale(self) -> bool:
        """Whether the file cannot be used, so that older keys stand in for it."""
        return self._found.fault is not None

    @property
    def valid(self) -> int:
        """How many keys there are that were not revoked."""
        return self._ring.valid

    def caller_of(self, authorization: bytes | None) -> Caller | None:
        """Return who sends this ``Authorization`` header, or None when that is nobody."""
        return self._ring.caller_of(authorization)

    def is_valid(self, caller: Caller) -> bool:
        """Tell whether the key that ``caller`` came with still stands, for what it stood for."""
        return self._ring.is_valid(caller)

    def load(self) -> None:
        """Read the file for the first time. Raises :class:`KeysFileUnusable`."""
        found = self._read(_stamp_of(self._path))
        if found.fault is not None:
            raise KeysFileUnusable(found.fault)
        self._take(found)

    async def run(self) -> None:
        """Look at the file every second, for good."""
        while True:
            await self._sleep(EVERY_S)
            found = await asyncio.to_thread(self._look)
            if found is not None:
                self._take(found)

    def _look(self) -> _Found | None:
        """Read the file, unless it is known to be what it was: then return None."""
        stamp = _stamp_of(self._path)
        if stamp is not None and stamp == self._believed:
            return None
        return self._read(stamp)

    def _read(self, stamp: Stamp | None) -> _Found:
        try:
            keys = read_keys(self._path)
        except KeysFileUnusable as error:
            return _Found(stamp, fault=str(error))
        except OSError as error:  # May pass without any change of the file.
            return _Found(None, fault=f"{self._path} cannot be read: {error.strerror}.")
        return _Found(stamp, keys, KeyRing(keys))

    def _take(self, found: _Found) -> None:
        before, self._found = self._found, found
        # A change within one tick of the file's clock leaves the stamp as it was: a stamp is
        # believed once the file was read under it twice, a while apart.
        self._believed = found.stamp if found.stamp == before.stamp else None
        if found.ring is None:
            if (found.stamp, found.fault) != (before.stamp, before.fault):
                self._log.error(
                    "the API keys cannot be read, the last good ones stay", why=found.fault
                )
        elif found.keys != self._keys or before.fault is not None:
            self._keys, self._ring = found.keys, found.ring
            self._log.info("the API keys were read", keys=len(found.keys), valid=found.ring.valid)


def _stamp_of(path: Path) -> Stamp | None:
    try:
        return stamp_of(path.stat())
    except OSError:
        return None  # Reading it says why.
