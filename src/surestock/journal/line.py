"""Encode and decode the lines of a segment."""

from collections.abc import Sequence
from zlib import crc32

from msgspec import DecodeError, Raw, Struct, ValidationError, json

FORMAT = "surestock-log/1"
GENESIS = "00000000"
"""The ``prev`` of the first line of a log."""

LINE_START = b'{"crc":"'
"""How every line starts. JSON text inside a line cannot hold these bytes: a quote is escaped."""

_RECORDS = b',"records":'
_CRC_END = len(LINE_START) + 8
_BODY = _CRC_END + 2


class Header(Struct, frozen=True):
    """The first line of a segment. ``first`` is the sequence that the segment starts with."""

    crc: str
    prev: str
    format: str
    first: int
    ts: str


class Commit(Struct, frozen=True):
    """A group commit: the records ``first`` to ``last``, as their JSON array."""

    crc: str
    prev: str
    first: int
    last: int
    ts: str
    records: Raw


class _CommitHead(Struct, frozen=True):
    crc: str
    prev: str
    first: int
    last: int
    ts: str


class BadLine(ValueError):
    """The bytes are no sound line. The message says why."""


_decode_header = json.Decoder(Header).decode
_decode_head = json.Decoder(_CommitHead).decode


def encode_header(prev: str, first: int, ts: str) -> tuple[bytes, str]:
    """Return a segment's first line, with its line feed, and its crc."""
    return seal(
        f'"prev":"{prev}","format":"{FORMAT}","first":{first},"ts":"{ts}"}}'.encode("ascii")
    )


def encode_commit(
    prev: str, first: int, last: int, ts: str, records: Sequence[bytes]
) -> tuple[bytes, str]:
    """Return the line of a group commit, with its line feed, and its crc.

    ``records`` are JSON objects, each on one line.
    """
    head = f'"prev":"{prev}","first":{first},"last":{last},"ts":"{ts}","records":['
    return seal(b"".join((head.encode("ascii"), b",".join(records), b"]}")))


def seal(rest: bytes) -> tuple[bytes, str]:
    """Return the line that ends with ``rest``, its crc in front and a line feed behind; the crc.

    ``rest`` is a JSON object without its opening brace: its first member comes after the crc.
    """
    crc = f"{crc32(rest):08x}"
    return b"".join((LINE_START, crc.encode("ascii"), b'",', rest, b"\n")), crc


def check(line: bytes) -> None:
    """Raise :class:`BadLine` unless ``line`` (without line feed) is what its crc says."""
    if not line.startswith(LINE_START) or line[_CRC_END:_BODY] != b'",':
        msg = "it does not start like a line of the log"
        raise BadLine(msg)
    if line[len(LINE_START) : _CRC_END] != b"%08x" % crc32(memoryview(line)[_BODY:]):
        msg = "its checksum does not match"
        raise BadLine(msg)


def decode_header(line: bytes) -> Header:
    """Return the header that ``line`` holds. Raises :class:`BadLine`."""
    check(line)
    try:
        return _decode_header(line)
    except (ValidationError, DecodeError) as error:
        msg = f"it is no segment header ({error})"
        raise BadLine(msg) from error


def decode_commit(line: bytes) -> Commit:
    """Return the group commit that ``line`` holds. Raises :class:`BadLine`."""
    check(line)
    # Most of a line are its records. They are cut out unread: whoever wants them decodes them.
    start = line.find(_RECORDS)
    if start < 0 or not line.endswith(b"]}"):
        msg = "it is no group commit (it holds no records)"
        raise BadLine(msg)
    try:
        head = _decode_head(line[:start] + b"}")
    except (ValidationError, DecodeError) as error:
        msg = f"it is no group commit ({error})"
        raise BadLine(msg) from error
    records = Raw(memoryview(line)[start + len(_RECORDS) : -1])
    return Commit(head.crc, head.prev, head.first, head.last, head.ts, records)
