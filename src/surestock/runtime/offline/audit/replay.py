"""The engine's replay, with a closer look, and without what the audit does not need."""

from datetime import timedelta

from surestock.engine.log.recovery import Replay
from surestock.engine.log.resolved import Resolved
from surestock.engine.state import State
from surestock.inventory.model import Level
from surestock.journal.line import Commit
from surestock.journal.scan import Place
from surestock.ledger.record import Record
from surestock.runtime.offline.audit.ends import End, check_end
from surestock.runtime.offline.audit.repeats import UniqueKeys


class Books(State):
    """State that nobody pages through: the sorted index of SKUs is left out."""

    def _add_to_pages(self, level: Level) -> None:
        """Do nothing."""


class AuditedReplay(Replay):
    """A replay that also looks at what replaying alone does not show.

    Reservations that have had their end are let go of, so memory is bounded by what is current.
    ``records`` are those of the last line, ``events`` counts all so far.
    """

    def __init__(self, books: Books, ttl: timedelta) -> None:
        self._ended = Resolved(books)
        super().__init__(books, UniqueKeys(ttl), self._ended)
        self._books = books
        self.records: list[Record] = []
        self.events = 0

    def line(self, place: Place, commit: Commit) -> None:
        """Apply the records of one line. Raises ``JournalDamaged``."""
        self.records.clear()
        super().line(place, commit)
        self._ended.forget_through(commit.last)

    def record(self, record: Record) -> None:
        """Apply one record, after a closer look at it. Raises ``InvariantViolation``."""
        events = record.events
        for event in events:
            if isinstance(event, End):
                check_end(self._books, event)
        super().record(record)
        self.records.append(record)
        self.events += len(events)
