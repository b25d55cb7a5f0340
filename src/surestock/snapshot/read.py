"""Read snapshots, and believe none that is not proved."""

from collections.abc import Callable, Iterator
from pathlib import Path
from sys import intern

from msgspec import DecodeError, ValidationError, json
from msgspec.structs import force_setattr

from surestock.inventory.model import Level, Line, Reservation, StockKey
from surestock.journal.line import GENESIS, BadLine, check
from surestock.ledger.document import AnyDocument
from surestock.snapshot.model import (
    FORMAT,
    READABLE,
    Counts,
    HeadLine,
    PartLine,
    Snapshot,
    SnapshotDamaged,
)
from surestock.snapshot.model import SnapshotHead as Head

_NAME = "[0-9]" * 20 + ".ndjson"
_decode_head = json.Decoder(HeadLine).decode
_decode_part = json.Decoder(PartLine).decode


def snapshot_sequences(directory: Path) -> list[int]:
    """Return the sequences of the snapshots in ``directory``, oldest first; none without it."""
    return sorted(int(path.stem) for path in directory.glob(_NAME))


def newest_snapshot(
    directory: Path, damaged: Callable[[Path, str], None] = lambda _path, _why: None
) -> Snapshot | None:
    """Return the newest sound snapshot, or None when there is none.

    ``damaged`` is told of each newer one that is not sound, and why.
    """
    for path in sorted(directory.glob(_NAME), reverse=True):
        try:
            return read_snapshot(path)
        except SnapshotDamaged as error:
            damaged(path, error.why)
    return None


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot at ``path``. Raises :class:`SnapshotDamaged`, also for other formats."""
    try:
        return _read(path)
    except (BadLine, DecodeError, ValidationError, OSError) as error:
        raise SnapshotDamaged(path, str(error)) from error


def _read(path: Path) -> Snapshot:
    with path.open("rb") as file:
        lines = _sound_lines(file)
        head = _decode_head(next(lines, b""))
        _require(head.format in READABLE, f"it is of format {head.format!r}, not {FORMAT!r}")
        _require(head.sequence == int(path.stem), f"it says to be of record {head.sequence}")
        levels: list[Level] = []
        reservations: list[Reservation] = []
        documents: list[AnyDocument] = []
        prev, end = head.crc, None
        _require(head.prev == GENESIS, "its first line follows another")
        for line in lines:
            part = _decode_part(line)
            _require(end is None and part.prev == prev, "a line is missing or repeated")
            prev, end = part.crc, part.end
            levels += part.levels
            reservations += part.reservations
            documents += part.documents
    _require(end is not None, "it has no end")
    counted = Counts(len(levels), len(reservations), len(documents))
    _require(end == counted, "it does not hold what it counted")
    about = Head(head.sequence, head.log, head.ts, head.ids)
    return Snapshot(about, levels, _share_names(levels, reservations), documents)


def _sound_lines(file: Iterator[bytes]) -> Iterator[bytes]:
    for line in file:
        _require(line.endswith(b"\n"), "its last line is cut short")
        check(line[:-1])
        yield line[:-1]


def _share_names(levels: list[Level], reservations: list[Reservation]) -> list[Reservation]:
    """Let values share their ids: one copy of each is kept, as when they come from the log."""
    known: dict[StockKey, Level] = {}
    wanted = {line.key for held in reservations for line in held.lines}
    for level in levels:
        force_setattr(level, "store_id", intern(level.store_id))
        if wanted and level.key in wanted:
            known[level.key] = level
    for held in reservations:
        lines = tuple(_shared(line, known.get(line.key)) for line in held.lines)
        force_setattr(held, "lines", lines)
    return reservations


def _shared(line: Line, level: Level | None) -> Line:
    return line if level is None else Line(level.store_id, level.sku, line.qty)


def _require(true: bool, why: str) -> None:  # noqa: FBT001 - a condition, not a switch
    if not true:
        raise BadLine(why)
