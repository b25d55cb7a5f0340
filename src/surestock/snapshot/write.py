"""Write a snapshot: whole and durable before it has its name."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import json

from surestock.inventory.document import Document
from surestock.inventory.model import Level, Reservation
from surestock.journal.line import GENESIS, seal
from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, make_directory, sync_directory, write_all
from surestock.snapshot.model import FORMAT, PART, Counts, SnapshotHead

_encode = json.Encoder().encode
_SYNC_EVERY_BYTES = 1024 * 1024


def snapshot_path(directory: Path, sequence: int) -> Path:
    """Return the path of the snapshot at ``sequence``."""
    return directory / f"{sequence:020d}.ndjson"


def write_snapshot(
    directory: Path,
    head: SnapshotHead,
    levels: Iterable[Level],
    reservations: Iterable[Reservation],
    rest: Callable[[], None] = lambda: None,
    documents: Iterable[Document] = (),
) -> Path:
    """Write the snapshot that ``head`` describes and return its path.

    ``levels`` come sorted by store and SKU, ``documents`` by key. It is made durable a megabyte at
    a time, and ``rest`` is called after each: the log shares the disk, and must never wait for a
    hundred of them at once. Raises ``OSError``; then there is no such snapshot. A death may leave a
    ``.tmp`` file.
    """
    make_directory(directory)
    path = snapshot_path(directory, head.sequence)
    temporary = path.with_suffix(".tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    try:
        _write(fd, _lines(head, levels, reservations, documents), rest)
        hit("snapshot.rename")
        temporary.replace(path)
    except OSError:
        # The log shares the disk: what is left half written must not take its room.
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)
    sync_directory(directory)
    return path


def _write(fd: int, lines: Iterable[bytes], rest: Callable[[], None]) -> None:
    unsynced = 0
    for line in lines:
        hit("snapshot.write")
        write_all(fd, line)
        unsynced += len(line)
        if unsynced >= _SYNC_EVERY_BYTES:
            hit("snapshot.fdatasync")
            os.fdatasync(fd)
            unsynced = 0
            rest()
    hit("snapshot.fsync")
    os.fsync(fd)


def _lines(
    head: SnapshotHead,
    levels: Iterable[Level],
    reservations: Iterable[Reservation],
    documents: Iterable[Document],
) -> Iterator[bytes]:
    about = {name: getattr(head, name) for name in SnapshotHead.__struct_fields__}
    line, crc = _sealed(GENESIS, {"format": FORMAT, **about})
    yield line
    counted = {}
    parts: dict[str, Iterable[Any]] = {
        "levels": levels,
        "reservations": reservations,
        "documents": documents,
    }
    for name, values in parts.items():
        counted[name] = 0
        rest = iter(values)
        while part := list(islice(rest, PART)):
            line, crc = _sealed(crc, {name: part})
            yield line
            counted[name] += len(part)
    yield _sealed(crc, {"end": Counts(**counted)})[0]


def _sealed(prev: str, members: dict[str, Any]) -> tuple[bytes, str]:
    return seal(b'"prev":"%s",' % prev.encode("ascii") + _encode(members)[1:])
