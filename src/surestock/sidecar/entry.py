"""One entry: a digest, and where the record stands that is found by it."""

from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple

DIGEST_BYTES = 16
ENTRY_BYTES = 40

# Big-endian: packed entries sort as bytes in the order of digest, then sequence.
_ENTRY = Struct(">16sQQII")
_HALVES_OF_DIGEST = Struct(">QQ24x")


class Entry(NamedTuple):
    """``digest`` (16 bytes) finds record ``sequence``.

    The record's own bytes start at ``offset`` of its segment (uncompressed), are ``length`` long
    and have the CRC-32 ``crc``.
    """

    digest: bytes
    sequence: int
    offset: int
    length: int
    crc: int


def pack_entry(entry: Entry) -> bytes:
    """Return the 40 bytes of ``entry``. Raises ``ValueError`` for a digest of another length."""
    if len(entry.digest) != DIGEST_BYTES:
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes, not {len(entry.digest)}")
    return _ENTRY.pack(*entry)


def unpack_entry(packed: bytes) -> Entry:
    """Return the entry whose 40 bytes are ``packed``."""
    return Entry(*_ENTRY.unpack(packed))


def halves_of_digests(packed: bytes) -> Iterable[tuple[int, int]]:
    """Return the digest of each of the packed entries, as two big-endian numbers."""
    return _HALVES_OF_DIGEST.iter_unpack(packed)
