"""Rebuild the state from the log: every record is evolved again and must come out as recorded."""

from collections.abc import Callable

from msgspec import DecodeError, Struct, ValidationError, json

from surestock.engine.log.memory import FIRST_COMMIT_LINE
from surestock.engine.log.resolved import Resolved
from surestock.engine.state import State
from surestock.idempotency import KeyIndex
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.view import Changes
from surestock.journal.append import LogEnd
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import Commit
from surestock.journal.read import SparseIndex
from surestock.journal.scan import Place, Scan
from surestock.kit.ids import boot_and_count
from surestock.ledger.evolve import evolve
from surestock.ledger.record import Record
from surestock.snapshot import Snapshot

decode_records = json.Decoder(list[Record]).decode
"""Decode the records of a group commit."""


def decode_line(place: Place, commit: Commit) -> list[Record]:
    """Return the records of the line at ``place``. Raises :class:`JournalDamaged`."""
    try:
        return decode_records(commit.records)
    except (ValidationError, DecodeError, ValueError) as error:
        raise JournalDamaged(place.segment, place.line, place.offset, str(error)) from error


class Replay:
    """Folds a log into state. Feed it each line, in order.

    Keys and ended reservations up to record ``indexed`` are left out: an index on disk has them.
    """

    def __init__(
        self, state: State, keys: KeyIndex, resolved: Resolved | None = None, indexed: int = 0
    ) -> None:
        self._state = state
        self._keys = keys
        self._resolved = resolved or Resolved(state)
        self._indexed = indexed
        self.newest_ids: dict[str, int] = {}
        self.sequence = 0

    def begin_at(self, snapshot: Snapshot) -> None:
        """Take over what a snapshot holds, in place of the records up to its sequence."""
        self._state.load(snapshot.levels, snapshot.reservations, snapshot.documents)
        self.newest_ids = dict(snapshot.head.ids)
        self.sequence = snapshot.sequence

    def line(self, place: Place, commit: Commit) -> None:
        """Apply the records of one line.

        Raises :class:`JournalDamaged` when a record does not follow from those before it.
        """
        self._cut(place, commit)
        for record in decode_line(place, commit):
            self.prove(place, record)
        if self.sequence != commit.last:
            why = f"it says to end with record {commit.last}, but ends with {self.sequence}"
            raise JournalDamaged(place.segment, place.line, place.offset, why)
        if commit.last <= self._indexed:
            self._resolved.forget_through(commit.last)

    def prove(self, place: Place, record: Record) -> None:
        """Apply a record of the line at ``place``. Raises :class:`JournalDamaged`."""
        try:
            self.record(record)
        except (InvariantViolation, ValueError) as error:
            raise JournalDamaged(place.segment, place.line, place.offset, str(error)) from error

    def _cut(self, place: Place, commit: Commit) -> None:
        """Begin a generation with each segment: it will leave memory as a whole."""
        if place.line == FIRST_COMMIT_LINE:
            self._keys.cut(commit.first)
            self._resolved.cut(commit.first)

    def record(self, record: Record) -> None:
        """Apply one record. A record whose id was applied before changes nothing.

        Raises :class:`InvariantViolation` when it does not follow from the state.
        """
        if record.sequence != self.sequence + 1:
            msg = f"record {self.sequence + 1} was expected, but {record.sequence} follows"
            raise InvariantViolation(msg)
        self.sequence = record.sequence
        boot, count = boot_and_count(record.id)
        if count <= self.newest_ids.get(boot, 0):
            return
        self.newest_ids[boot] = count
        changes = Changes(self._state, record.ts)
        for event in record.events:
            evolve(changes, event)
        levels = tuple(changes.levels.values())
        if levels != record.levels:
            msg = f"record {record.sequence} says {record.levels}, its events {levels}"
            raise InvariantViolation(msg)
        self._take(record, changes)

    def _take(self, record: Record, changes: Changes) -> None:
        """Take over what a record changed, which was proved."""
        reservations = changes.reservations.values()
        self._state.apply(changes.levels.values(), reservations)
        self._state.keep(changes.documents.values())
        self._resolved.add(record.sequence, reservations)
        key = record.idempotency
        if key is not None and record.sequence > self._indexed:
            self._keys.add(key.digest, record.sequence, record.ts)
            if key.batch is not None:
                self._keys.add(key.batch, record.sequence, record.ts)


class Recovered(Struct, frozen=True):
    """A replayed log: its last sequence, and where to append."""

    sequence: int
    end: LogEnd


def replay(
    scan: Scan, fold: Replay, index: SparseIndex, progress: Callable[[int], None] = lambda _: None
) -> Recovered:
    """Replay what ``scan`` reads, which is all that follows what ``fold`` begins at.

    ``index``, which is empty, is told of each line, ``progress`` of each sequence reached. Raises
    a :class:`~surestock.journal.errors.JournalError`.
    """
    for place, commit in scan:
        fold.line(place, commit)
        index.add(commit.first, place)
        progress(fold.sequence)
    last = scan.last
    if last is None:
        return Recovered(fold.sequence, LogEnd(None, 0, scan.crc))
    end = LogEnd(last.segment, last.offset + last.length, scan.crc, last.line)
    return Recovered(fold.sequence, end)
