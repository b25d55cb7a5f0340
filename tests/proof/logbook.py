"""The log as the files tell it, read by code that shares nothing with the service.

A plain segment wins over its archived copy, every line must prove itself, and nothing is repaired.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from tests.proof.books import Books

_DIGITS = 20
_CRC_STARTS, _CRC_ENDS, _BODY = 8, 16, 18


class BadLog(Exception):
    """The files do not make one log. The message says where."""


def read_records(data_dir: Path) -> list[dict[str, Any]]:
    """Return every record of the log, in order. Raises :class:`BadLog`."""
    records: list[dict[str, Any]] = []
    prev = "00000000"
    for first, content in _segments(data_dir):
        for number, line in enumerate(content.splitlines(keepends=True)):
            entry = _proved(line, f"line {number + 1} of segment {first}")
            if entry["prev"] != prev:
                raise BadLog(f"line {number + 1} of segment {first} follows another")
            prev = entry["crc"]
            if number == 0 and not entry["first"] == first == len(records) + 1:
                raise BadLog(f"segment {first} follows record {len(records)}")
            records += entry.get("records", ())
    for number, record in enumerate(records, 1):
        if record["sequence"] != number:
            raise BadLog(f"record {record['sequence']} is in the place of {number}")
    return records


def fold(records: list[dict[str, Any]]) -> Books:
    """Return the books after all of ``records``."""
    books = Books()
    for record in records:
        books.fold(record)
    return books


def _segments(data_dir: Path) -> Iterator[tuple[int, bytes]]:
    contents = {
        int(path.name[:_DIGITS]): gzip.decompress(path.read_bytes())
        for path in (data_dir / "archive").glob("*.ndjson.gz")
    }
    for path in (data_dir / "event-log").glob("*.ndjson"):
        contents[int(path.stem)] = path.read_bytes()
    yield from sorted(contents.items())


def _proved(line: bytes, place: str) -> dict[str, Any]:
    told = line[_CRC_STARTS:_CRC_ENDS].decode()
    if not line.endswith(b"\n") or told != f"{crc32(line[_BODY:-1]):08x}":
        raise BadLog(f"{place} is not sound")
    entry: dict[str, Any] = orjson.loads(line)
    return entry
