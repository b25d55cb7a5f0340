"""What ``decide`` and ``evolve`` may see of the state, and the changes that they make to it."""

from collections.abc import Iterable
from datetime import datetime
from sys import intern
from typing import Protocol

from surestock.inventory.document import Document, DocumentKey, Gone
from surestock.inventory.invariants import InvariantViolation, check_level
from surestock.inventory.model import Level, Reservation, StockKey


class View(Protocol):
    """Read access to levels, reservations and documents, as some engine holds them."""

    def level(self, key: StockKey) -> Level | None:
        """Return the level on record (due reservations still count), or None."""
        ...

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation on record, or None."""
        ...

    def due(self, key: StockKey, now: datetime) -> Iterable[Reservation]:
        """Return the reservations with a line on ``key`` that are due at ``now``, each once."""
        ...

    def document(self, key: DocumentKey) -> Document | None:
        """Return the document on record, or None."""
        ...


class Changes:
    """What one record changes: a layer of new levels, reservations and documents over a view.

    The record's first touch of a level raises its version by one, later touches don't: that is
    how a version counts records and not events.
    """

    __slots__ = ("at", "documents", "levels", "reservations", "view")

    def __init__(self, view: View, at: datetime) -> None:
        self.view = view
        self.at = at
        self.levels: dict[StockKey, Level] = {}
        self.reservations: dict[str, Reservation] = {}
        self.documents: dict[DocumentKey, Document] = {}

    def level(self, key: StockKey) -> Level | None:
        """Return the level as this record has it so far, or None."""
        return self.levels.get(key) or self.view.level(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation as this record has it so far, or None."""
        return self.reservations.get(reservation_id) or self.view.reservation(reservation_id)

    def document(self, key: DocumentKey) -> Document | None:
        """Return the document as this record has it so far, or None."""
        own = self.documents.get(key)
        if own is None:
            return self.view.document(key)
        return None if type(own) is Gone else own

    def put(self, document: Document) -> None:
        """Keep a document in place of the one under its key; :class:`Gone` for none."""
        self.documents[document.key] = document

    def open(self, store_id: str, sku: str, on_hand: int) -> None:
        """Make a level that did not exist, at version 1."""
        level = Level(intern(store_id), sku, on_hand, 0, 1, self.at)
        check_level(level)
        self.levels[level.store_id, level.sku] = level

    def move(self, key: StockKey, on_hand: int, reserved: int) -> Level:
        """Add to on-hand and to reserved of a level that exists; return the new level.

        Raises :class:`InvariantViolation` when the level is unknown or becomes impossible.
        """
        old = self.levels.get(key)
        if old is not None:
            version = old.version
        else:
            old = self.view.level(key)
            if old is None:
                msg = f"an event moves stock of {key}, which was never opened"
                raise InvariantViolation(msg)
            version = old.version + 1
        new = Level(
            old.store_id, old.sku, old.on_hand + on_hand, old.reserved + reserved, version, self.at
        )
        check_level(new)
        self.levels[key] = new
        return new
