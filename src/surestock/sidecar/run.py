"""Look digests up in one run: the filter first, then a page or two of the file."""

from bisect import bisect_left
from datetime import datetime
from pathlib import Path
from typing import Self

from surestock.sidecar.entry import DIGEST_BYTES, ENTRY_BYTES, Entry, unpack_entry
from surestock.sidecar.file import RunFile
from surestock.sidecar.filter import Probe, any_may_hold, probe_of


class Run:
    """An open run: ``count`` entries over the sequences ``first`` to ``last``.

    ``newest`` is the time of the newest of those records. Threads may share a run.
    """

    def __init__(self, file: RunFile, fences: bytes, probe: Probe) -> None:
        self.path: Path = file.path
        self.first: int = file.head.first
        self.last: int = file.head.last
        self.newest: datetime = file.head.newest
        self.count: int = file.head.count
        self.probe = probe
        self._file = file
        self._fences = fences
        self._pages = range(file.head.pages)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the run at ``path``; of the entries none is read.

        Raises :class:`RunDamaged` when head, fences or filter are not sound; ``OSError``.
        """
        file = RunFile(path)
        try:
            fences, bits = file.tail()
        except BaseException:
            file.close()
            raise
        return cls(file, fences, probe_of(bits))

    def may_hold(self, digest: bytes) -> bool:
        """Tell whether the run may hold ``digest`` (16 bytes). False is certain. Reads nothing."""
        return any_may_hold((self.probe,), digest)

    def find(self, digest: bytes) -> list[Entry]:
        """Return the entries of ``digest`` (16 bytes), the newest first.

        Reads one page, rarely two; more only for a digest with very many entries. Raises
        :class:`RunDamaged` when one of them is not sound; ``OSError``.
        """
        # Entries of a digest may begin at the end of the page before the first that starts with it.
        found: list[Entry] = []
        after = bisect_left(self._pages, digest, key=self._fence)
        for index in self._pages[max(after - 1, 0) :]:
            if self._fence(index) > digest:
                break
            found += _entries_of(self._file.page(index + 1), digest)
        found.reverse()
        return found

    def close(self) -> None:
        """Close the file. Nobody may be looking anything up."""
        self._file.close()

    def _fence(self, index: int) -> bytes:
        return self._fences[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES]


def _entries_of(packed: bytes, digest: bytes) -> list[Entry]:
    """Return the entries of ``digest`` among ``packed``, in their order."""

    def digest_at(offset: int) -> bytes:
        return packed[offset : offset + DIGEST_BYTES]

    offsets = range(0, len(packed), ENTRY_BYTES)
    found = []
    for offset in offsets[bisect_left(offsets, digest, key=digest_at) :]:
        if digest_at(offset) != digest:
            break
        found.append(unpack_entry(packed[offset : offset + ENTRY_BYTES]))
    return found
