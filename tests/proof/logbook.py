"""The log as the files tell it, read by code that shares nothing with the service.

A plain segment wins over its archived copy, every line must prove itself, and nothing is repaired.
"""

import gzip
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from tests.proof.books import Books

_DIGITS = 20
_CRC_STARTS, _CRC_ENDS, _BODY = 8, 16, 18


class BadLog(Exception):
    """The files do not make one log. The message says where."""


def read_records(data_dir: Path, after: int = 0) -> list[dict[str, Any]]:
    """Return every record above sequence ``after``, in order.

    Raises :class:`BadLog`, also when the log begins later than that.
    """
    records: list[dict[str, Any]] = []
    prev, expected = None, 0
    for first, content in _segments(data_dir):
        for number, line in enumerate(content.splitlines(keepends=True), 1):
            place = f"line {number} of segment {first}"
            entry = _proved(line, place)
            if prev is None:
                prev, expected = "00000000" if first == 1 else entry["prev"], first
            if entry["prev"] != prev or entry["first"] != expected:
                raise BadLog(f"{place} does not follow what is before it")
            prev = entry["crc"]
            for record in entry.get("records", ()):
                if record["sequence"] != expected:
                    raise BadLog(f"{place} holds record {record['sequence']}, not {expected}")
                expected += 1
                records.append(record)
    if records and records[0]["sequence"] > after + 1:
        raise BadLog(f"the log begins with record {records[0]['sequence']}")
    return [record for record in records if record["sequence"] > after]


def fold(records: list[dict[str, Any]]) -> Books:
    """Return the books after all of ``records``."""
    books = Books()
    for record in records:
        books.fold(record)
    return books


def _segments(data_dir: Path) -> Iterator[tuple[int, bytes]]:
    """Yield every segment. Upkeep may work meanwhile: what it takes out of the log is archived."""
    contents: dict[int, bytes] = {}
    # All are listed before the first is read: a segment that begins later is no part of this.
    for path in sorted((data_dir / "event-log").glob("*.ndjson")):
        with suppress(FileNotFoundError):
            contents[int(path.stem)] = path.read_bytes()
    for path in (data_dir / "archive").glob("*.ndjson.gz"):
        first = int(path.name[:_DIGITS])
        if first not in contents:
            contents[first] = gzip.decompress(path.read_bytes())
    yield from sorted(contents.items())


def _proved(line: bytes, place: str) -> dict[str, Any]:
    told = line[_CRC_STARTS:_CRC_ENDS].decode()
    if not line.endswith(b"\n") or told != f"{crc32(line[_BODY:-1]):08x}":
        raise BadLog(f"{place} is not sound")
    entry: dict[str, Any] = orjson.loads(line)
    return entry
