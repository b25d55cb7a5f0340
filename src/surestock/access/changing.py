"""Change the file of the keys: one process at a time; after a crash it is the old or the new one.

The guard is a file of its own, which is never deleted: the file of the keys is replaced at every
change, and a lock on what was replaced would guard nothing.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from surestock.access.credential import Credential, draw_credential, is_key_id
from surestock.access.errors import KeyRefused, KeysFileBusy, KeysFileMissing, NoSuchKey
from surestock.access.key_file import (
    MOST_BYTES,
    StoredKey,
    StoredKeys,
    encode_keys,
    read_keys,
)
from surestock.access.scope import Scope
from surestock.kit.files import FILE_MODE, make_directory, write_atomic

_LOOK_EVERY_S = 0.05
_LOOKS = 200


class Grant(Struct, frozen=True):
    """What a new key is for. No ``stores``: it is good in all of them."""

    client: str
    scopes: Sequence[Scope]
    stores: Sequence[str] = ()
    note: str | None = None


def add_key(path: Path, grant: Grant, now: datetime) -> Credential:
    """Add a key to ``path``, which is made if it is not there; return the key once it is durable.

    Raises :class:`KeyRefused`, :class:`KeysFileUnusable`, :class:`KeysFileBusy` or ``OSError``.
    """
    path = path.resolve()
    credential = draw_credential()
    key = _stored(credential, grant, now)
    make_directory(path.parent)
    with _guarded(path):
        try:
            keys = read_keys(path)
        except KeysFileMissing:
            keys = ()
        if any(it.key_id == key.key_id for it in keys):
            raise KeyRefused("The id that was drawn is in use. Try again.")
        _write(path, (*keys, key))
    return credential


def revoke_key(path: Path, key_id: str, now: datetime) -> StoredKey:
    """Revoke a key for good; return it. One that was revoked before keeps its time.

    Raises :class:`NoSuchKey`, :class:`KeysFileUnusable`, :class:`KeysFileBusy` or ``OSError``.
    """
    if not is_key_id(key_id):  # Not repeated: it may be a whole key.
        raise NoSuchKey(
            "That is no key's id. An id has 12 of a-z and 2-7: see surestock keys list."
        )
    path = path.resolve()
    if not path.exists():
        read_keys(path)  # Says what is missing, and leaves no guard behind.
    with _guarded(path):
        keys = read_keys(path)
        found = next((it for it in keys if it.key_id == key_id), None)
        if found is None:
            raise NoSuchKey(f"There is no key {key_id} in {path}.")
        if found.revoked_at is not None:
            return found
        revoked = replace(found, revoked_at=now)
        _write(path, tuple(revoked if it is found else it for it in keys))
    return revoked


def _stored(credential: Credential, grant: Grant, now: datetime) -> StoredKey:
    try:
        return StoredKey(
            key_id=credential.key_id,
            client=grant.client,
            sha256=credential.sha256,
            scopes=tuple(sorted(set(grant.scopes))),
            stores=tuple(sorted(set(grant.stores))) or None,
            created_at=now,
            revoked_at=None,
            note=grant.note,
        )
    except ValueError as fault:
        raise KeyRefused(f"No key was made: {fault}.") from None


def _write(path: Path, keys: StoredKeys) -> None:
    content = encode_keys(keys)
    if len(content) > MOST_BYTES:
        raise KeyRefused(f"{path} is full. Take keys out that were revoked long ago.")
    # What a crash left may have been made by somebody else, with a mode of its own.
    path.with_name(path.name + ".tmp").unlink(missing_ok=True)
    write_atomic(path, content)


@contextmanager
def _guarded(path: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    fd = os.open(path.with_name(path.name + ".guard"), os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        _lock(fd, path, sleep)
        yield
    finally:
        os.close(fd)


def _lock(fd: int, path: Path, sleep: Callable[[float], None]) -> None:
    # Asked again and again: a call that waits in the kernel would wait for a paused one for ever.
    for _ in range(_LOOKS):
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_LOOK_EVERY_S)
    raise KeysFileBusy(path)
