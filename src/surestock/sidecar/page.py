"""The unit that is read and checked: 4,096 bytes that end with a checksum."""

from zlib import crc32

PAGE_BYTES = 4096
_CRC_BYTES = 4
CONTENT_BYTES = PAGE_BYTES - _CRC_BYTES


def seal_page(content: bytes, number: int) -> bytes:
    """Return page ``number`` with ``content`` (at most 4,092 bytes), zeros and the checksum."""
    content = content.ljust(CONTENT_BYTES, b"\0")
    return content + crc32(content, number).to_bytes(_CRC_BYTES, "big")


def is_sound(page: bytes, number: int) -> bool:
    """Tell whether ``page`` is page ``number`` as it was sealed."""
    expected = crc32(memoryview(page)[:CONTENT_BYTES], number).to_bytes(_CRC_BYTES, "big")
    return page[CONTENT_BYTES:] == expected
