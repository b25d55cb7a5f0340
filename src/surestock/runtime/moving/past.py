"""What is known of the records before the snapshot that a log begins with.

Some of them may still be there, and their keys still stand; but nothing proves what they did.
"""

from collections import defaultdict

from surestock.ledger.record import Record
from surestock.ledger.remember import reservation_of
from surestock.runtime.offline.tables.base import Base
from surestock.snapshot import Snapshot


class Past:
    """Gathers the reservations that ended before ``snapshot``, of which it says nothing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._told: defaultdict[str, list[Record]] = defaultdict(list)

    def add(self, record: Record) -> None:
        """Take account of the reservations that ``record`` names."""
        named = {getattr(event, "reservation_id", "") for event in record.events}
        for reservation_id in named - {""}:
            self._told[reservation_id].append(record)

    def base(self) -> Base:
        """Return the snapshot, with the reservations that are known to have ended before it."""
        snapshot = self.snapshot
        ended = []
        for reservation_id, records in self._told.items():
            held = reservation_of(records, reservation_id)
            if held is not None and held.status != "active":
                ended.append(held)
        head = snapshot.head
        return Base(
            snapshot.sequence,
            head.ts,
            head.ids,
            snapshot.levels,
            [*snapshot.reservations, *ended],
            snapshot.documents,
        )
