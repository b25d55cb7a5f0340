"""File leases: who may change a key, told by one small file a key, for a limited time.

A lease is what keeps two processes from working on the same thing in vain. It is not what keeps
them from harm: a process may stand still past the time of its lease, and act afterwards. Whatever
is done under one has to be checked again where it takes effect.

A file is named by a hash of its key, so no key becomes a part of a path. Under the key's guard the
file is read, compared, and replaced by a rename. A process that is killed at any step leaves the
old lease or the new one. A released lease's file becomes a spare one of its guard, which a
later lease is written to: on ext4 that is three times as fast as to delete one file and make
another.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from surestock.kit.clock import Clock
from surestock.locking.lease.directory import LeaseDirectory
from surestock.locking.lease.errors import LeaseHeld, LeaseLost
from surestock.locking.lease.guard import Guards
from surestock.locking.lease.record import LONGEST_S, Record, encode_record, find_record

# Each takes two names in the directory, and the shorter that is, the faster. One that a stopped
# process has takes so small a part of all keys' leases away.
_GUARDS = 64


class Lease(Struct, frozen=True):
    """That ``owner`` may change ``key`` until ``expires_at``, in seconds of the monotonic clock.

    ``token`` is greater than that of any earlier lease on the key. ``stolen`` tells that there was
    one, whose time was over or which could not be read.
    """

    key: str
    owner: str
    token: int
    expires_at: float
    stolen: bool = False


class _Place(Struct, frozen=True):
    """The names that a key's lease, its guard and its guard's spare file have."""

    lease: str
    guard: str
    spare: str


class FileLeases:
    """The leases in ``directory``, as seen by ``owner``, whose name no other process has.

    One thread uses it. Every verb raises ``OSError`` when the directory cannot be used, and
    ``ValueError`` for a time or a text that no lease can hold; then nothing is changed, or it is
    not known whether something is. No verb waits for a lease; for a guard a tenth of a second at
    most, in growing steps of ``pause``.
    """

    def __init__(
        self,
        directory: Path,
        owner: str,
        clock: Clock,
        boot_id: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._owner = owner
        self._monotonic = clock.monotonic
        self._boot_id = boot_id
        self._directory = LeaseDirectory(directory)
        self._guards = Guards(self._directory, clock, pause)

    def acquire(self, key: str, ttl_s: float, about: str = "") -> Lease:
        """Take the lease on ``key`` for ``ttl_s`` seconds, if nobody has it or its time is over.

        ``about`` is a text for whoever finds it held. Raises :class:`LeaseHeld`; also when this
        owner has it already.
        """
        place = _place_of(key)
        with self._guards.hold(place.guard) as guard:
            content = self._directory.find(place.lease)
            if content is not None:
                held = self._find_live(key, content)
                if held is not None:
                    raise LeaseHeld(key, held.owner, held.about)
            record = self._record(key, guard.next_token(), ttl_s, about)
            self._directory.replace(place.lease, place.spare, encode_record(record))
        return _lease_of(record, stolen=content is not None)

    def renew(self, lease: Lease, ttl_s: float) -> Lease:
        """Let the lease last ``ttl_s`` seconds from now, even if its time was over but nobody came.

        Raises :class:`LeaseLost`.
        """
        place = _place_of(lease.key)
        with self._guards.hold(place.guard):
            about = self._ours(lease, place).about
            record = self._record(lease.key, lease.token, ttl_s, about)
            self._directory.replace(place.lease, place.spare, encode_record(record))
        return _lease_of(record)

    def release(self, lease: Lease) -> None:
        """Give the lease back: its file is gone afterwards. Raises :class:`LeaseLost`."""
        place = _place_of(lease.key)
        with self._guards.hold(place.guard):
            self._ours(lease, place)
            self._directory.retire(place.lease, place.spare)

    def is_locked(self, key: str) -> bool:
        """Tell whether anybody has the lease on ``key`` now."""
        content = self._directory.find(_place_of(key).lease)
        return content is not None and self._find_live(key, content) is not None

    def probe(self) -> None:
        """Find out whether the directory can be used: take a lease of our own, and give it back.

        It is another one each time: a guard that is busy says nothing of the rest.
        """
        with suppress(LeaseHeld, LeaseLost):  # it is read and written, whoever else does so too
            self.release(self.acquire(f"\0probe {self._owner} {self._monotonic()}", 1.0))

    def close(self) -> None:
        """Close what is open, and give nothing back. The next verb opens it again."""
        self._guards.close()

    def _record(self, key: str, token: int, ttl_s: float, about: str) -> Record:
        if not 0 < ttl_s <= LONGEST_S:
            msg = f"a lease lasts more than 0 and at most {LONGEST_S} seconds, not {ttl_s}"
            raise ValueError(msg)
        expires_at = self._monotonic() + ttl_s
        return Record(key, self._owner, token, self._boot_id, expires_at, about)

    def _find_live(self, key: str, content: bytes) -> Record | None:
        record = find_record(content)
        if record is None or not record.is_live(key, self._boot_id, self._monotonic()):
            return None
        return record

    def _ours(self, lease: Lease, place: _Place) -> Record:
        content = self._directory.find(place.lease)
        record = None if content is None else find_record(content)
        if (
            record is None
            or (record.key, record.owner, record.token) != (lease.key, lease.owner, lease.token)
            or record.boot != self._boot_id
        ):
            raise LeaseLost(lease.key)
        return record


def _place_of(key: str) -> _Place:
    digest = blake2b(key.encode(), digest_size=20)
    guard = digest.digest()[0] % _GUARDS
    return _Place(digest.hexdigest(), f"guard-{guard:02x}", f"spare-{guard:02x}")


def _lease_of(record: Record, *, stolen: bool = False) -> Lease:
    return Lease(record.key, record.owner, record.token, record.expires_at, stolen)
