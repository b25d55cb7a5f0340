"""The file of the keys (API_KEYS_FILE): JSON that people can read, with hashes in place of secrets.

::

    {
      "version": 1,
      "keys": [
        {
          "id": "k3n5q2v7x4ab",                     12 of a-z and 2-7, once in the file
          "client": "till-berlin",                  1 to 64 of A-Z a-z 0-9 . _ : -
          "sha256": "9f86d081…",                    of the secret, 64 hexadecimal digits
          "scopes": ["inventory:read"],             at least one
          "stores": ["berlin"],                     null: all of them
          "createdAt": "2026-01-01T00:00:00Z",
          "revokedAt": null,                        null: it is valid
          "note": "the till at the door"            may be left out
        }
      ]
    }

A secret has 256 random bits, so a slow hash would add time and no safety: nobody can try 2^255.
A member that this release does not know is refused and not passed over, since it may be a
restriction; for the same reason ``stores`` and ``revokedAt`` have no default. The file belongs to
one user: whoever else can change it can let himself in.
"""

import os
import shlex
import stat
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeAlias

from msgspec import DecodeError, Meta, Struct, field, json

from surestock.access.credential import ID_PATTERN
from surestock.access.errors import KeysFileMissing, KeysFileUnusable
from surestock.access.names import fault_of_client, fault_of_note, fault_of_stores
from surestock.access.scope import Scope

VERSION = 1
MOST_BYTES = 8 * 1024 * 1024
_OTHERS = 0o077
_Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class StoredKey(
    Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """What the file knows of a key. Raises ``ValueError`` for what no key may be."""

    key_id: Annotated[str, Meta(pattern=rf"\A{ID_PATTERN}\Z")] = field(name="id")
    client: str
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    scopes: tuple[Scope, ...]
    stores: tuple[str, ...] | None
    created_at: _Instant
    revoked_at: _Instant | None
    note: str | None = None

    def __post_init__(self) -> None:
        """Check what a pattern cannot say in a sentence."""
        fault = fault_of_client(self.client) or fault_of_stores(self.stores)
        fault = fault or fault_of_note(self.note)
        if not self.scopes:
            fault = "a key has at least one scope"
        if fault is not None:
            raise ValueError(fault)


StoredKeys: TypeAlias = tuple[StoredKey, ...]


class Stamp(Struct, frozen=True):
    """What changes when a file does; the time of its inode tells of a change of mode as well."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class _Head(Struct):
    version: int


class _Content(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    keys: StoredKeys


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return Stamp(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )


def read_keys(path: Path) -> StoredKeys:
    """Return the keys in ``path``. Raises :class:`KeysFileUnusable` or ``OSError``."""
    return decode_keys(path, _content_of(path))


def encode_keys(keys: StoredKeys) -> bytes:
    """Return the content of a file with ``keys``."""
    return json.format(json.encode(_Content(VERSION, keys)), indent=2) + b"\n"


def decode_keys(path: Path, content: bytes) -> StoredKeys:
    """Return the keys in what ``path`` holds. Raises :class:`KeysFileUnusable`."""
    try:
        version = json.decode(content, type=_Head).version
        if version != VERSION:
            raise KeysFileUnusable(
                f"{path} is of version {version}, which this release cannot read. Use the release "
                "that wrote it, or a newer one."
            )
        keys = json.decode(content, type=_Content).keys
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(path, str(error)) from None
    if len({key.key_id for key in keys}) != len(keys):
        raise _malformed(path, "two keys have the same id")
    return keys


def _malformed(path: Path, why: str) -> KeysFileUnusable:
    return KeysFileUnusable(
        f"{path} is no file of API keys ({why}). Put it right, or back from a backup; surestock "
        "keys writes such files."
    )


def _content_of(path: Path) -> bytes:
    name = shlex.quote(str(path))
    try:
        # Opening a pipe would wait for somebody to write into it.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeysFileMissing(
            f"There is no file {path}. Make a key first: surestock keys create --client NAME "
            f"--scope inventory:read --file {name}"
        ) from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise KeysFileUnusable(f"{path} is not a file. Name the file that the keys are in.")
        mode = stat.S_IMODE(status.st_mode)
        if mode & _OTHERS:
            raise KeysFileUnusable(
                f"{path} is open to others than its owner (mode {mode:04o}). Run: chmod 600 {name}"
            )
        with os.fdopen(fd, "rb", closefd=False) as file:
            content = file.read(MOST_BYTES + 1)
    finally:
        os.close(fd)
    if len(content) > MOST_BYTES:
        raise KeysFileUnusable(
            f"{path} has more than {MOST_BYTES:,} bytes. Take keys out that were revoked long ago."
        )
    return content
