"""Rebuild the state from the log: every record is evolved again and must come out as recorded."""

from collections.abc import Callable

from msgspec import DecodeError, Struct, ValidationError, json

from surestock.engine.state import State
from surestock.idempotency import KeyIndex
from surestock.inventory.evolve import evolve
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.record import Record
from surestock.inventory.view import Changes
from surestock.journal.append import LogEnd
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import Commit
from surestock.journal.read import SparseIndex
from surestock.journal.scan import Place, Scan
from surestock.kit.ids import boot_and_count

decode_records = json.Decoder(list[Record]).decode
"""Decode the records of a group commit."""


class Replay:
    """Folds a log into state. Feed it each line, in order."""

    def __init__(self, state: State, keys: KeyIndex) -> None:
        self._state = state
        self._keys = keys
        self._newest_id: dict[str, int] = {}
        self.sequence = 0

    def line(self, place: Place, commit: Commit) -> None:
        """Apply the records of one line.

        Raises :class:`JournalDamaged` when a record does not follow from those before it.
        """
        try:
            for record in decode_records(commit.records):
                self.record(record)
        except (InvariantViolation, ValidationError, DecodeError, ValueError) as error:
            raise JournalDamaged(place.segment, place.line, place.offset, str(error)) from error
        if self.sequence != commit.last:
            why = f"it says to end with record {commit.last}, but ends with {self.sequence}"
            raise JournalDamaged(place.segment, place.line, place.offset, why)

    def record(self, record: Record) -> None:
        """Apply one record. A record whose id was applied before changes nothing.

        Raises :class:`InvariantViolation` when it does not follow from the state.
        """
        if record.sequence != self.sequence + 1:
            msg = f"record {self.sequence + 1} was expected, but {record.sequence} follows"
            raise InvariantViolation(msg)
        self.sequence = record.sequence
        boot, count = boot_and_count(record.id)
        if count <= self._newest_id.get(boot, 0):
            return
        self._newest_id[boot] = count
        changes = Changes(self._state, record.ts)
        for event in record.events:
            evolve(changes, event)
        levels = tuple(changes.levels.values())
        if levels != record.levels:
            msg = f"record {record.sequence} says {record.levels}, its events {levels}"
            raise InvariantViolation(msg)
        self._state.apply(levels, changes.reservations.values())
        key = record.idempotency
        if key is not None:
            self._keys.add(key.digest, record.sequence, record.ts)
            if key.batch is not None:
                self._keys.add(key.batch, record.sequence, record.ts)


class Recovered(Struct, frozen=True):
    """A replayed log: its last sequence, and where to append."""

    sequence: int
    end: LogEnd


def replay(
    scan: Scan,
    state: State,
    keys: KeyIndex,
    index: SparseIndex,
    progress: Callable[[int], None] = lambda _: None,
) -> Recovered:
    """Replay the whole log that ``scan`` reads into ``state``, ``keys`` and ``index``, all empty.

    ``progress`` is called with each sequence reached. Raises a
    :class:`~surestock.journal.errors.JournalError`.
    """
    fold = Replay(state, keys)
    end = LogEnd(None, 0, scan.crc)
    for place, commit in scan:
        fold.line(place, commit)
        index.add(commit.first, place)
        end = LogEnd(place.segment, place.offset + place.length, commit.crc, place.line)
        progress(fold.sequence)
    segments = [path for path in scan.segments if scan.torn is None or path != scan.torn.segment]
    if scan.torn is not None and scan.torn.offset > 0:
        segments.append(scan.torn.segment)
    if segments and end.segment != segments[-1]:
        # The last segment holds nothing but its header yet.
        size = segments[-1].stat().st_size if scan.torn is None else scan.torn.offset
        end = LogEnd(segments[-1], size, scan.crc, 1)
    return Recovered(fold.sequence, end)
