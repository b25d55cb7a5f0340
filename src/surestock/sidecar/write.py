"""Make a run: complete and durable under a name of its own, then renamed to be one."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zlib import crc32

from msgspec.structs import replace

from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, sync_directory, write_all
from surestock.sidecar.entry import DIGEST_BYTES, Entry, halves_of_digests, pack_entry
from surestock.sidecar.filter import add_digests, empty_filter
from surestock.sidecar.head import PAGE_ENTRIES, Head, encode_head
from surestock.sidecar.page import PAGE_BYTES, seal_page

_WRITE_BYTES = 1024 * 1024

TEMPORARY = ".tmp"
"""What a run's name ends with until the run is complete."""


def write_run(
    path: Path, first: int, last: int, newest: datetime, entries: Iterable[Entry]
) -> None:
    """Make the run over the sequences ``first`` to ``last`` durable at ``path``, if need be anew.

    ``path`` is what :func:`surestock.sidecar.listing.run_path` says. ``newest`` (aware) is the time
    of the newest of those records. ``entries`` may come in any order, and there may be none. Raises
    ``OSError``; then ``path`` is as it was. Failpoints: run.write, run.fsync, run.rename.
    """
    packed = sorted({pack_entry(entry) for entry in entries})
    with RunWriter(path, Head(first, last, newest, newest, len(packed), 0, 0)) as writer:
        writer.add(packed)
        writer.finish()


class RunWriter:
    """A run that is being written, from packed entries that come sorted and distinct.

    ``head`` says all but what only the end can tell; its ``count`` is the most that may come. Used
    in a ``with``: when that is left before :meth:`finish`, nothing stays behind.
    """

    def __init__(self, path: Path, head: Head) -> None:
        self._path = path
        self._head = head
        self._bits = empty_filter(head.count)
        self._fences = bytearray()
        self._count = 0
        self._waiting: list[bytes] = []
        self._temporary = path.with_name(path.name + TEMPORARY)
        self._fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)

    def __enter__(self) -> Self:
        os.lseek(self._fd, PAGE_BYTES, os.SEEK_SET)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        os.close(self._fd)
        if kind is not None:
            # What may be half a run takes room that may be what was missing.
            self._temporary.unlink(missing_ok=True)

    def add(self, packed: list[bytes]) -> None:
        """Write ``packed``, which follow what was added before. Raises ``OSError``."""
        self._waiting += packed
        whole = len(self._waiting) // PAGE_ENTRIES * PAGE_ENTRIES
        self._write_pages(self._waiting[:whole])
        del self._waiting[:whole]

    def finish(self) -> None:
        """Write the rest, make all of it durable, give it its name. Raises ``OSError``."""
        self._write_pages(self._waiting)
        for part in (self._fences, self._bits):
            for start in range(0, len(part), _WRITE_BYTES):
                self._write(bytes(part[start : start + _WRITE_BYTES]))
        head = replace(
            self._head,
            count=self._count,
            filter_bytes=len(self._bits),
            tail_crc=crc32(self._bits, crc32(self._fences)),
        )
        os.lseek(self._fd, 0, os.SEEK_SET)
        self._write(encode_head(head))
        hit("run.fsync")
        os.fsync(self._fd)
        hit("run.rename")
        self._temporary.replace(self._path)
        sync_directory(self._path.parent)

    def _write_pages(self, packed: list[bytes]) -> None:
        if not packed:
            return
        add_digests(self._bits, halves_of_digests(b"".join(packed)))
        pages = []
        for start in range(0, len(packed), PAGE_ENTRIES):
            entries = packed[start : start + PAGE_ENTRIES]
            self._fences += entries[0][:DIGEST_BYTES]
            pages.append(seal_page(b"".join(entries), len(self._fences) // DIGEST_BYTES))
        self._count += len(packed)
        self._write(b"".join(pages))

    def _write(self, content: bytes) -> None:
        hit("run.write")
        write_all(self._fd, content)
