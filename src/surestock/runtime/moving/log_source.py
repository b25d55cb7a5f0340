"""A log that nobody else writes to, read in chunks and proved on the way, as a start proves it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Self

from msgspec import Raw, json

from surestock.engine.log import LogConfig
from surestock.engine.log.covered import check_covered
from surestock.engine.log.recovery import decode_line
from surestock.journal.hold import JournalHold
from surestock.journal.line import Commit
from surestock.journal.scan import Place, Scan, TornTail
from surestock.journal.segment import all_segments
from surestock.journal.settle import settle
from surestock.journal.stored import open_segment
from surestock.kit.clock import Clock
from surestock.ledger.record import Record
from surestock.runtime.moving.chunk import Chunk
from surestock.runtime.moving.errors import MoveRefused
from surestock.runtime.moving.past import Past
from surestock.runtime.offline.beginning import log_beginning, oldest_base
from surestock.runtime.offline.tables.base import Base
from surestock.runtime.offline.tables.fold import TableReplay

CHUNK_RECORDS = 10_000
_MOST_BYTES = 8 * 1024 * 1024
_split = json.Decoder(list[Raw]).decode


class LogSource:
    """Holds the log from when it is made until it is closed, unless it is ``held`` already.

    ``fold`` is what was read so far, ``base`` what stands for records that were deleted, ``begins``
    what comes before the first record that there is. Raises ``JournalHeld``, another
    ``JournalError``, :class:`MoveRefused` and ``OSError``, as all here does.
    """

    def __init__(
        self,
        config: LogConfig,
        ttl: timedelta,
        clock: Clock,
        *,
        chunk_records: int = CHUNK_RECORDS,
        held: bool = False,
    ) -> None:
        self._config = config
        self._chunk_records = chunk_records
        self._hold = None if held else JournalHold(config.directory)
        self.torn: TornTail | None = None
        self.base: Base | None = None
        try:
            settle(config.directory)
            self.begins = log_beginning(config)
            self.fold = TableReplay(ttl, clock.now() - ttl)
            self._past = self._begin_late() if self.begins.sequence else None
        except BaseException:
            self.close()
            raise

    def _begin_late(self) -> Past:
        """Begin with the oldest snapshot, and with what is known from before it."""
        snapshot = oldest_base(self._config, self.begins)
        if snapshot is None:
            raise MoveRefused(
                f"The log begins with record {self.begins.sequence + 1}, and no sound snapshot "
                "stands for the records before it, so nobody can tell what they amounted to."
            )
        return Past(snapshot)

    def size_bytes(self) -> int:
        """Return how many bytes there are to read, an archived segment as what is in it."""
        size = 0
        for segment in all_segments(self._config.directory, self._config.archive):
            with open_segment(
                self._config.directory, self._config.archive, segment.first
            ) as stored:
                size += stored.size
        return size

    def chunks(self, through: int, crc: str) -> Iterator[Chunk]:
        """Yield what comes after record ``through``, whose line must have checksum ``crc``."""
        scan = Scan(self._config.directory, self._config.archive, self.begins)
        records: list[tuple[int, str, str]] = []
        read = size = 0
        commit: Commit | None = None
        reached = self.begins.sequence
        self._from_the_base(reached, self.begins.crc)
        for place, commit in scan:
            read += place.length
            rows = self._line(place, commit)
            reached = commit.last
            if reached <= through:
                self._known(commit, through, crc)
                continue
            records += rows
            size += place.length
            if len(records) >= self._chunk_records or size >= _MOST_BYTES:
                yield Chunk(reached, commit.crc, records, self.fold.rest(), read)
                records, size = [], 0
        if commit is not None and records:
            yield Chunk(reached, commit.crc, records, self.fold.rest(), read)
        self.torn = scan.torn
        self._check_end(scan, through)

    def _known(self, commit: Commit, through: int, crc: str) -> None:
        """Prove, when ``commit`` ends with the last record that was moved, that it is the same."""
        if commit.last == through:
            if commit.crc != crc:
                raise _another(through)
            self.fold.rest()
        elif commit.first <= through < commit.last:
            raise _another(through)

    def _check_end(self, scan: Scan, through: int) -> None:
        reached = scan.sequence
        if reached < through:
            raise _another(through)
        check_covered(self._config, lambda: reached, scan.torn)
        if self._past is not None and self.base is None:
            raise MoveRefused(
                f"The log ends with record {reached}, before the snapshot that it begins with."
            )

    def _line(self, place: Place, commit: Commit) -> list[tuple[int, str, str]]:
        """Fold a line; return its records as rows."""
        past = self._past
        if past is not None and commit.last <= past.snapshot.sequence:
            records = decode_line(place, commit)
            for record in records:
                if self.fold.past(record):
                    past.add(record)
        else:
            self.fold.line(place, commit)
            records = self.fold.records
        rows = self._rows(commit, records)
        self._from_the_base(commit.last, commit.crc)
        return rows

    def _rows(self, commit: Commit, records: list[Record]) -> list[tuple[int, str, str]]:
        rows = []
        for record, raw in zip(records, _split(commit.records), strict=True):
            body = bytes(raw)
            self.fold.saw(body)
            rows.append((record.sequence, record.id, body.decode()))
        return rows

    def _from_the_base(self, reached: int, crc: str) -> None:
        """Fold from the snapshot on, once its record is reached."""
        past = self._past
        if past is not None and self.base is None and reached >= past.snapshot.sequence:
            if (reached, crc) != (past.snapshot.sequence, past.snapshot.crc):
                raise MoveRefused(
                    f"Snapshot {past.snapshot.sequence}, with which the log begins, was made of "
                    "another log. Restore it from a backup."
                )
            self.base = past.base()
            self.fold.begin_at_base(self.base)

    def close(self) -> None:
        """Let go of the log, unless it was held before."""
        if self._hold is not None:
            self._hold.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _another(through: int) -> MoveRefused:
    return MoveRefused(
        f"The target holds records up to {through} of another log, or this one was changed. Name "
        "the log that the move began with, or begin anew with an empty database."
    )
