"""Page 0 of a run: what it covers, and where its parts are."""

from datetime import UTC, datetime, timedelta
from struct import Struct as Layout

from msgspec import Struct

from surestock.sidecar.entry import DIGEST_BYTES, ENTRY_BYTES
from surestock.sidecar.page import CONTENT_BYTES, PAGE_BYTES, is_sound, seal_page

PAGE_ENTRIES = CONTENT_BYTES // ENTRY_BYTES

_MAGIC = b"surestock-run/1\n"
_LAYOUT = Layout(">16sQQqqQQI")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadHead(ValueError):
    """The page is no head of a run. The message says why."""


class Head(Struct, frozen=True):
    """What a run says of itself. See the package for what the members mean."""

    first: int
    last: int
    oldest: datetime
    newest: datetime
    count: int
    filter_bytes: int
    tail_crc: int

    @property
    def pages(self) -> int:
        """How many pages of entries there are."""
        return -(-self.count // PAGE_ENTRIES)

    @property
    def tail(self) -> int:
        """The offset of the fences. The filter follows them."""
        return (1 + self.pages) * PAGE_BYTES

    @property
    def fence_bytes(self) -> int:
        """How long the fences are."""
        return self.pages * DIGEST_BYTES

    @property
    def size(self) -> int:
        """How long the file is."""
        return self.tail + self.fence_bytes + self.filter_bytes


def encode_head(head: Head) -> bytes:
    """Return page 0."""
    packed = _LAYOUT.pack(
        _MAGIC,
        head.first,
        head.last,
        (head.oldest - _EPOCH) // _MICROSECOND,
        (head.newest - _EPOCH) // _MICROSECOND,
        head.count,
        head.filter_bytes,
        head.tail_crc,
    )
    return seal_page(packed, 0)


def decode_head(page: bytes) -> Head:
    """Return what page 0 says. Raises :class:`BadHead`."""
    if not page.startswith(_MAGIC):
        raise BadHead("it does not start like a run")
    if not is_sound(page, 0):
        raise BadHead("the checksum of its head does not match")
    _, first, last, oldest, newest, *rest = _LAYOUT.unpack_from(page)
    return Head(first, last, _EPOCH + oldest * _MICROSECOND, _EPOCH + newest * _MICROSECOND, *rest)
