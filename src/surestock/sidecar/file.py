"""Read the parts of a run's file. Nothing is believed that its checksum does not prove."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from weakref import finalize
from zlib import crc32

from surestock.sidecar.entry import ENTRY_BYTES
from surestock.sidecar.errors import RunDamaged
from surestock.sidecar.head import PAGE_ENTRIES, BadHead, Head, decode_head
from surestock.sidecar.listing import range_of
from surestock.sidecar.page import PAGE_BYTES, is_sound

_PAGES_AT_ONCE = 64


class RunFile:
    """An open run: its head, and its pages when they are asked for. Threads may share it.

    Raises :class:`RunDamaged` when the head is not sound, the file has another length than it says,
    or its name says another range; ``FileNotFoundError``, ``OSError``. A file that was unlinked can
    be read on. It closes itself when nobody holds it any more: who drops it cannot know who reads.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY)
        self._let_go = finalize(self, os.close, self._fd)
        try:
            self.head = self._read_head()
        except BaseException:
            self.close()
            raise

    def _read_head(self) -> Head:
        try:
            head = decode_head(os.pread(self._fd, PAGE_BYTES, 0))
        except BadHead as error:
            raise RunDamaged(self.path, str(error)) from error
        if range_of(self.path) != (head.first, head.last):
            raise RunDamaged(self.path, f"it holds the sequences {head.first} to {head.last}")
        size = os.fstat(self._fd).st_size
        if size != head.size:
            raise RunDamaged(self.path, f"it has {size} bytes and should have {head.size}")
        return head

    def tail(self) -> tuple[bytes, bytes]:
        """Return the fences and the filter. Raises :class:`RunDamaged`, ``OSError``."""
        head = self.head
        fences = os.pread(self._fd, head.fence_bytes, head.tail)
        bits = os.pread(self._fd, head.filter_bytes, head.tail + head.fence_bytes)
        if crc32(bits, crc32(fences)) != head.tail_crc:
            raise RunDamaged(self.path, "the checksum of its filter does not match")
        return fences, bits

    def page(self, number: int) -> bytes:
        """Return the packed entries of page ``number``, counted from 1.

        Raises :class:`RunDamaged`, ``OSError``.
        """
        page = os.pread(self._fd, PAGE_BYTES, number * PAGE_BYTES)
        if not is_sound(page, number):
            raise RunDamaged(self.path, f"the checksum of its page {number} does not match")
        count = min(PAGE_ENTRIES, self.head.count - (number - 1) * PAGE_ENTRIES)
        return page[: count * ENTRY_BYTES]

    def entries(self) -> Iterator[list[bytes]]:
        """Yield all packed entries in order, some pages at a time; none of the lists is empty.

        Raises :class:`RunDamaged`, ``OSError``.
        """
        for start in range(1, self.head.pages + 1, _PAGES_AT_ONCE):
            stop = min(start + _PAGES_AT_ONCE, self.head.pages + 1)
            packed = b"".join([self.page(number) for number in range(start, stop)])
            yield [packed[at : at + ENTRY_BYTES] for at in range(0, len(packed), ENTRY_BYTES)]

    def close(self) -> None:
        """Close the file. Nobody may be reading it; who reads later gets ``OSError``."""
        self._let_go()
        self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
