"""The part of the state that a batch works on: read from the database, then changed in memory."""

from collections.abc import Collection, Iterable
from datetime import datetime

from surestock.inventory.document import Document, DocumentKey, Gone
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.view import Changes


class Asked:
    """What was looked for and had not been read."""

    __slots__ = ("documents", "levels", "reservations")

    def __init__(self) -> None:
        self.levels: set[StockKey] = set()
        self.documents: set[DocumentKey] = set()
        self.reservations: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.levels or self.documents or self.reservations)


class Loaded:
    """Implements ``inventory.view.View`` over what was read. None stands for what is not there.

    What was not read yet is taken for not there, and noted in ``asked``: whoever decided on that
    has to read it and decide again. ``known_…`` are the values as they were read, ``absent`` the
    keys under which nothing was.
    """

    def __init__(self) -> None:
        self.levels: dict[StockKey, Level | None] = {}
        self.documents: dict[DocumentKey, Document | None] = {}
        self.reservations: dict[str, Reservation | None] = {}
        self.known_documents: dict[DocumentKey, Document | None] = {}
        self.known_reservations: dict[str, Reservation | None] = {}
        self.absent: set[StockKey] = set()
        self.asked = Asked()
        self._by_level: dict[StockKey, list[str]] = {}

    def level(self, key: StockKey) -> Level | None:
        """Return the level, or None."""
        try:
            return self.levels[key]
        except KeyError:
            self.asked.levels.add(key)
            return None

    def document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""
        try:
            return self.documents[key]
        except KeyError:
            self.asked.documents.add(key)
            return None

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, or None."""
        try:
            return self.reservations[reservation_id]
        except KeyError:
            self.asked.reservations.add(reservation_id)
            return None

    def due(self, key: StockKey, now: datetime) -> list[Reservation]:
        """Return the reservations that were read, have a line on ``key`` and are due at ``now``."""
        found = [self.reservations[it] for it in self._by_level.get(key, ())]
        return [held for held in found if held is not None and held.is_due(now)]

    def take_asked_rows(self) -> set[StockKey]:
        """Return the levels and documents that were asked for, and ask for them no more."""
        rows = {*self.asked.levels, *self.asked.documents}
        self.asked.levels.clear()
        self.asked.documents.clear()
        return rows

    def put_levels(self, wanted: Collection[StockKey], found: Iterable[Level]) -> None:
        """Note levels that were read; the others of ``wanted`` are not there."""
        self.levels.update(dict.fromkeys(wanted))
        self.levels.update((level.key, level) for level in found)
        self.absent.update(key for key in wanted if self.levels[key] is None)
        self.asked.levels.difference_update(wanted)

    def put_documents(self, wanted: Collection[DocumentKey], found: Iterable[Document]) -> None:
        """Note documents that were read; the others of ``wanted`` are not there."""
        self.documents.update(dict.fromkeys(wanted))
        self.documents.update((document.key, document) for document in found)
        self.absent.update(key for key in wanted if self.documents[key] is None)
        self.known_documents.update((key, self.documents[key]) for key in wanted)
        self.asked.documents.difference_update(wanted)

    def put_reservations(self, wanted: Collection[str], found: Iterable[Reservation]) -> None:
        """Note reservations that were read; the others of ``wanted`` are not there."""
        self.reservations.update(dict.fromkeys(wanted))
        self.asked.reservations.difference_update(wanted)
        for held in found:
            self.reservations[held.reservation_id] = held
            self.known_reservations[held.reservation_id] = held
            for key in {line.key for line in held.lines}:
                self._by_level.setdefault(key, []).append(held.reservation_id)

    def forget(self, keys: Iterable[StockKey]) -> None:
        """Know nothing of levels and documents: they are there, and could not be read."""
        for key in keys:
            self.absent.discard(key)
            self.levels.pop(key, None)
            self.documents.pop(key, None)

    def apply(self, changes: Changes) -> None:
        """Take over what a decision changes: the next one decides on that."""
        self.levels.update(changes.levels)
        self.reservations.update(changes.reservations)
        for key, document in changes.documents.items():
            self.documents[key] = None if type(document) is Gone else document
