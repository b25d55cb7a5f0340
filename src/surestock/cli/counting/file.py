"""The file: looked through once to know that it is text and what it is, then read row by row."""

import codecs
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from surestock.cli.counting.csv_rows import CsvRows
from surestock.cli.counting.errors import FileUnusable, RowFault
from surestock.cli.counting.json_rows import json_row
from surestock.cli.counting.row import check_count
from surestock.inventory.commands import CountStock

_CHUNK_BYTES = 1024 * 1024
_MOST_LINE_BYTES = 64 * 1024
_DIGEST_BYTES = 16
_PARSERS = (".csv", ".ndjson")


class Row(Struct, frozen=True):
    """A row: its line from 1, the bytes of the file up to its end, its command or its fault."""

    line: int
    end: int
    count: CountStock | RowFault


class CountFile:
    """A file of counts. ``digest`` names its content, 32 hexadecimal digits.

    Raises :class:`FileUnusable`, or ``OSError``.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in _PARSERS:
            raise FileUnusable(f"{path} is neither a .csv nor an .ndjson file.")
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise FileUnusable(f"{path} {what}.")
        self.path = path
        self.size_bytes, self.digest = _look_through(path)

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank, in order. Raises :class:`FileUnusable`."""
        with self.path.open("rb") as file:
            lines = _lines(file)
            try:
                parse = self._parser(lines)
            except FileUnusable as fault:
                raise FileUnusable(f"{self.path} cannot be imported: {fault}.") from fault
            empty = True
            for number, end, line in lines:
                empty = False
                yield Row(number, end, _checked(parse, line))
        if empty:
            raise FileUnusable(f"{self.path} cannot be imported: it holds no rows.")

    def _parser(
        self, lines: Iterator[tuple[int, int, bytes | None]]
    ) -> Callable[[bytes], dict[str, Any]]:
        if self.path.suffix.lower() != ".csv":
            return json_row
        _, _, header = next(lines, (0, 0, b""))
        if header is None:
            raise FileUnusable("its first line is far too long for a CSV header")
        if not header:
            raise FileUnusable("it is empty")
        return CsvRows(header)


def _look_through(path: Path) -> tuple[int, str]:
    """Return the file's size and digest. Raises :class:`FileUnusable` unless all of it is UTF-8."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    text = codecs.getincrementaldecoder("utf-8")()
    size = lines = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                text.decode(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
        text.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n") + 1
        raise FileUnusable(
            f"{path} cannot be imported: line {line} is not UTF-8. Save the file as UTF-8 text."
        ) from error
    return size, digest.hexdigest()


def _lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield number, end and content of each line that is not blank; None for one that is too long.

    A byte order mark and the line's end are no part of the content.
    """
    number = end = 0
    while piece := file.readline(_MOST_LINE_BYTES):
        number += 1
        end += len(piece)
        line: bytes | None = piece.rstrip(b"\r\n")
        while not piece.endswith(b"\n") and (piece := file.readline(_MOST_LINE_BYTES)):
            line = None
            end += len(piece)
        if number == 1 and line is not None:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line is None or line.strip():
            yield number, end, line


def _checked(parse: Callable[[bytes], dict[str, Any]], line: bytes | None) -> CountStock | RowFault:
    if line is None:
        return RowFault(f"it is longer than {_MOST_LINE_BYTES} bytes")
    try:
        return check_count(parse(line))
    except RowFault as fault:
        return fault
