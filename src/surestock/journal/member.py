"""One member of an archived segment: a gzip file of its own that says how long it is.

A gzip file may be many of them, one after the other. Each here holds 64 KiB of the segment, the
last one what is left, so that a byte is found without inflating what stands before it. What a
member needs for that is in two subfields of its header (RFC 1952, FEXTRA), which other readers
skip: ``SB``, the bytes of the whole member, and ``SL``, the bytes of the whole segment. The idea
is that of BGZF; ``SL`` is what tells a file that was cut between two members.
"""

import zlib
from struct import Struct

MEMBER_BYTES = 64 * 1024
"""How much of a segment is in a member."""

_LEVEL = 6
_GZIP = 31
"""The ``wbits`` of zlib for a gzip header and trailer; −15 is for none."""
_MAGIC = b"\x1f\x8b\x08"
# FEXTRA; no time; no level; of no system; 20 bytes of subfields; the first is SB, of 4 bytes.
_START = _MAGIC + b"\x04" + bytes(4) + b"\x00\xff" + b"\x14\x00" + b"SB\x04\x00"
_LENGTH = b"SL\x08\x00"
_HEADER = Struct("<16sI4sQ")
_TRAILER = Struct("<II")

HEADER_BYTES = _HEADER.size
"""How many bytes of a member :func:`read_header` wants."""


class BadMember(ValueError):
    """The bytes are no sound member. The message says why."""


def encode_member(content: bytes, segment_bytes: int) -> bytes:
    """Return the member that holds ``content``, of a segment of ``segment_bytes``."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    deflated = deflate.compress(content) + deflate.flush()
    size = HEADER_BYTES + len(deflated) + _TRAILER.size
    header = _HEADER.pack(_START, size, _LENGTH, segment_bytes)
    return b"".join((header, deflated, _TRAILER.pack(zlib.crc32(content), len(content))))


def is_ours(start: bytes) -> bool:
    """Tell whether a file that starts with ``start`` was written by :func:`encode_member`."""
    return start.startswith(_START)


def read_header(header: bytes) -> tuple[int, int]:
    """Return the bytes of the member, and of the segment. Raises :class:`BadMember`."""
    if len(header) < HEADER_BYTES:
        msg = "the archive is cut off"
        raise BadMember(msg)
    start, size, length, segment_bytes = _HEADER.unpack(header)
    if start != _START or length != _LENGTH or size <= HEADER_BYTES + _TRAILER.size:
        msg = "the archive is damaged: no member starts where one must"
        raise BadMember(msg)
    return size, segment_bytes


def decode_member(member: bytes, length: int) -> bytes:
    """Return the ``length`` bytes that ``member`` holds. Raises :class:`BadMember`."""
    inflate = zlib.decompressobj(_GZIP)
    try:
        # One byte more than there may be: then the trailer is reached, and looked at, if all is
        # well, and memory is bounded if it is not.
        content = inflate.decompress(member, length + 1)
    except zlib.error as error:
        msg = f"the archive is damaged ({error})"
        raise BadMember(msg) from error
    if not inflate.eof or inflate.unused_data or len(content) != length:
        msg = "the archive is damaged: a member does not hold what it must"
        raise BadMember(msg)
    return content
