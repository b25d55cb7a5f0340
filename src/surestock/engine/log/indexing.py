"""Index a sealed segment: under which keys, and for which reservations, its records stand where.

Two runs are made of it, since they live for different times: keys for their TTL, reservations for
as long as their records are kept. Both are derived, and may be made again at any time.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from surestock.engine.log.config import LogConfig
from surestock.engine.log.sealed import Sealed, is_older, sealed_segments
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import BadLine, decode_commit
from surestock.journal.segment import segment_path
from surestock.journal.stored import open_segment
from surestock.kit.files import make_directory
from surestock.sidecar.entry import Entry
from surestock.sidecar.listing import run_path
from surestock.sidecar.runs import Runs
from surestock.sidecar.write import write_run

KEYS = ".keys"
RESERVATIONS = ".reservations"
_DIGEST_BYTES = 16

Seen: TypeAlias = Callable[[Path], None]


class _Event(Struct, rename="camel"):
    reservation_id: str | None = None


class _Key(Struct):
    digest: str
    batch: str | None = None


class _Record(Struct):
    """What is indexed of a record; the rest of it is not read."""

    sequence: int
    ts: datetime
    events: list[_Event]
    idempotency: _Key | None = None


_split = json.Decoder(list[Raw]).decode
_decode = json.Decoder(_Record).decode


def reservation_digest(reservation_id: str) -> bytes:
    """Return what a reservation's records are found by."""
    return blake2b(b"reservation\x00" + reservation_id.encode(), digest_size=_DIGEST_BYTES).digest()


def index_missing(config: LogConfig, oldest: datetime, seen: Seen = lambda _: None) -> int:
    """Index every sealed segment that is not; return how many those were.

    Keys that were answered before ``oldest`` need no index any more. ``seen`` is told of each.
    Raises what :func:`index_segment` raises.
    """
    keys, reservations = Runs(config.index, KEYS), Runs(config.index, RESERVATIONS)
    keys.refresh()
    reservations.refresh()
    missing = unindexed(config, keys, reservations, oldest)
    for sealed in missing:
        index_segment(config, sealed.first, sealed.last)
        seen(sealed.segment.path)
    return len(missing)


def unindexed(config: LogConfig, keys: Runs, reservations: Runs, oldest: datetime) -> list[Sealed]:
    """Return the sealed segments that the runs do not cover, in order.

    Where only keys are not covered, and all of them were answered before ``oldest``, they need not
    be: segments are in the order of time, so one that is old enough speaks for those before it.
    """
    missing: list[Sealed] = []
    all_are_old = False
    for sealed in reversed(sealed_segments(config)):
        if not reservations.covers(sealed.first, sealed.last):
            missing.append(sealed)
        elif not all_are_old and not keys.covers(sealed.first, sealed.last):
            all_are_old = is_older(config, sealed, oldest)
            if not all_are_old:
                missing.append(sealed)
    missing.reverse()
    return missing


def index_segment(config: LogConfig, first: int, last: int) -> None:
    """Index the sealed segment of records ``first`` to ``last``, durably.

    Raises :class:`JournalDamaged` when the segment is not sound, ``OSError`` when it cannot be
    read or the index not be written.
    """
    keys: list[Entry] = []
    reservations: list[Entry] = []
    newest = datetime.min.replace(tzinfo=UTC)
    batch = None
    for record, place in _records(config, first):
        newest = max(newest, record.ts)
        key = record.idempotency
        if key is not None:
            keys.append(Entry(bytes.fromhex(key.digest), *place))
            if key.batch is not None and key.batch != batch:
                batch = key.batch
                keys.append(Entry(bytes.fromhex(batch), *place))
        named = {it.reservation_id for it in record.events if it.reservation_id is not None}
        reservations += [Entry(reservation_digest(it), *place) for it in sorted(named)]
    make_directory(config.index)
    for suffix, entries in ((KEYS, keys), (RESERVATIONS, reservations)):
        write_run(run_path(config.index, first, last, suffix), first, last, newest, entries)


def _records(config: LogConfig, first: int) -> Iterator[tuple[_Record, tuple[int, int, int, int]]]:
    """Yield each record with its place: sequence, offset, length, crc."""
    with open_segment(config.directory, config.archive, first) as stored:
        offset = 0
        for number, line in enumerate(stored.lines(0), 1):
            if number > 1:
                try:
                    records = bytes(decode_commit(line[:-1]).records)
                    start = offset + len(line) - len(b"}\n") - len(records)
                    yield from _placed(records, start)
                except (BadLine, DecodeError, ValidationError) as error:
                    path = segment_path(config.directory, first)
                    raise JournalDamaged(path, number, offset, str(error)) from error
            offset += len(line)


def _placed(records: bytes, start: int) -> Iterator[tuple[_Record, tuple[int, int, int, int]]]:
    start += len(b"[")
    for raw in _split(records):
        encoded = bytes(raw)
        record = _decode(encoded)
        yield record, (record.sequence, start, len(encoded), crc32(encoded))
        start += len(encoded) + len(b",")
