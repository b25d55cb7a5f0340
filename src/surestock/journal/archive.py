"""Archive a sealed segment: the same bytes in a quarter of the room, proved before they count."""

import os
from collections.abc import Iterator
from pathlib import Path

from surestock.journal.errors import JournalError
from surestock.journal.member import MEMBER_BYTES, encode_member
from surestock.journal.segment import archived_path, first_of
from surestock.journal.stored import StoredSegment
from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, make_directory, sync_directory, write_all


def archive_segment(path: Path, archive: Path) -> Path:
    """Compress the sealed segment ``path`` into the folder ``archive``, durably; return where to.

    It is read back from the disk and compared first. The plain file is left alone: whoever wants
    the room removes it afterwards. Doing it again gives the same file. Raises ``OSError``, or
    :class:`JournalError` when what was read back differs; then there is no archived copy, or the
    one that was there before.
    """
    make_directory(archive)
    archived = archived_path(archive, first_of(path))
    temporary = archived.with_name(archived.name + ".tmp")
    with StoredSegment(path, archived=False) as plain:
        if not plain.size:
            plain.refuse(0, "the segment is empty")
        try:
            _write(plain, temporary)
            _compare(plain, temporary)
            hit("archive.rename")
            temporary.replace(archived)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync_directory(archive)
    return archived


def _write(plain: StoredSegment, temporary: Path) -> None:
    size = plain.size
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    try:
        for content in _pieces(plain, size):
            member = encode_member(content, size)
            hit("archive.write")
            write_all(fd, member)
        hit("archive.fsync")
        os.fsync(fd)
        # What is compared must come from the disk, and not from memory.
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def _compare(plain: StoredSegment, temporary: Path) -> None:
    with StoredSegment(temporary, archived=True) as copy:
        same = copy.size == plain.size and all(
            one == other
            for one, other in zip(_pieces(plain, plain.size), _pieces(copy, copy.size), strict=True)
        )
    if not same:
        msg = f"{plain.path.name} was archived, but does not read back as it is. It was kept."
        raise JournalError(msg)


def _pieces(segment: StoredSegment, size: int) -> Iterator[bytes]:
    for offset in range(0, size, MEMBER_BYTES):
        yield segment.read_at(offset, min(MEMBER_BYTES, size - offset))
