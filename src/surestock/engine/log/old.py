"""What has left memory: answered keys and ended reservations, found through indexes on disk.

Everything that reads is to be called in a worker thread, but :meth:`Old.may_hold_key` and
:meth:`Old.may_hold_reservation`, which look at filters in memory.
"""

from bisect import bisect_right
from datetime import datetime
from zlib import crc32

from msgspec import json

from surestock.engine.log.config import LogConfig
from surestock.engine.log.indexing import KEYS, RESERVATIONS, reservation_digest, unindexed
from surestock.inventory.model import Reservation
from surestock.inventory.unavailable import Unreadable
from surestock.journal.errors import JournalError
from surestock.journal.segment import all_segments
from surestock.journal.stored import open_segment
from surestock.ledger.record import Record
from surestock.ledger.remember import reservation_of
from surestock.sidecar.entry import Entry
from surestock.sidecar.errors import Damaged, RunDamaged, delete_damaged
from surestock.sidecar.runs import Runs

_decode = json.Decoder(Record).decode


class Old:
    """The indexed part of a log."""

    def __init__(self, config: LogConfig, damaged: Damaged) -> None:
        self._config = config
        self._damaged = damaged
        self._keys = Runs(config.index, KEYS, damaged)
        self._reservations = Runs(config.index, RESERVATIONS, damaged)
        self._firsts: list[int] = []

    def refresh(self, oldest: datetime) -> int:
        """Look at the disk again; return the last record up to which everything is indexed.

        Keys that were answered before ``oldest`` are over their time to live.
        """
        segments = all_segments(self._config.directory, self._config.archive)
        begins_at = segments[0].first if segments else 0
        self._keys.refresh(lambda run: run.newest >= oldest)
        self._reservations.refresh(lambda run: run.last >= begins_at)
        self._firsts = [segment.first for segment in segments]
        missing = unindexed(self._config, self._keys, self._reservations, oldest)
        sealed_below = missing[0].first if missing else max(self._firsts, default=1)
        return sealed_below - 1

    def may_hold_key(self, digest: bytes) -> bool:
        """Tell whether a key may have been answered; False is certain."""
        return self._keys.may_hold(digest)

    def may_hold_reservation(self, reservation_id: str) -> bool:
        """Tell whether there may be records of a reservation; False is certain."""
        return self._reservations.may_hold(reservation_digest(reservation_id))

    def answer(self, digest: str) -> Record | None:
        """Return the newest record that answered a key, or None."""
        for entry in self._find(self._keys, bytes.fromhex(digest)):
            record = self._record_at(entry)
            key = None if record is None else record.idempotency
            if key is not None and digest in {key.digest, key.batch}:
                return record
        return None

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return an ended reservation as its records tell it, or None.

        Raises :class:`Unreadable` when they don't tell of an end: only ended ones leave memory, so
        some of them cannot be found.
        """
        entries = self._find(self._reservations, reservation_digest(reservation_id))
        records = [self._record_at(entry) for entry in reversed(entries)]
        held = reservation_of([it for it in records if it is not None], reservation_id)
        if held is not None and held.status == "active":
            raise Unreadable
        return held

    def _find(self, runs: Runs, digest: bytes) -> list[Entry]:
        """Return what is indexed under a digest. Raises :class:`Unreadable`.

        A run with a damaged page is deleted, so that the next upkeep makes it again.
        """
        try:
            return runs.find(digest)
        except RunDamaged as error:
            delete_damaged(error, self._damaged)
            raise Unreadable from error

    def _record_at(self, entry: Entry) -> Record | None:
        """Return the record that an entry points at; None when its segment was deleted."""
        position = bisect_right(self._firsts, entry.sequence) - 1
        if position < 0:
            return None
        first = self._firsts[position]
        with open_segment(self._config.directory, self._config.archive, first) as stored:
            raw = stored.read_at(entry.offset, entry.length)
        if crc32(raw) != entry.crc:
            msg = (
                f"Record {entry.sequence} is not where the index says. Check the data directory "
                "with surestock verify; the folder index may be deleted while no server runs."
            )
            raise JournalError(msg)
        return _decode(raw)
