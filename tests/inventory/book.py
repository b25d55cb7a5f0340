"""Stock kept by hand: the smallest state that commands can be decided on. Knows no engine.

``due`` looks at every reservation, so that nothing here depends on timers being right.
"""

from datetime import datetime
from typing import TypeVar

import pytest

from surestock.inventory.commands import CountStock, MakeReservation, ReserveStock
from surestock.inventory.document import Document, DocumentKey, Gone
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.refusals import LineFault
from surestock.inventory.view import Changes
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal
from surestock.ledger.command import Command
from surestock.ledger.decide import decide
from surestock.ledger.evolve import evolve
from surestock.ledger.record import Record

R = TypeVar("R", bound=Refusal)

TEA: StockKey = ("east", "tea")
RICE: StockKey = ("west", "rice")
SALT: StockKey = ("west", "salt")


class Book:
    """A view, a clock, and the records so far. Reservations are named r1, r2 … by record."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.levels: dict[StockKey, Level] = {}
        self.reservations: dict[str, Reservation] = {}
        self.documents: dict[DocumentKey, Document] = {}
        self.records: list[Record] = []

    def level(self, key: StockKey) -> Level | None:
        return self.levels.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        return self.reservations.get(reservation_id)

    def document(self, key: DocumentKey) -> Document | None:
        return self.documents.get(key)

    def due(self, key: StockKey, now: datetime) -> list[Reservation]:
        return [
            held
            for held in self.reservations.values()
            if held.is_due(now) and any(line.key == key for line in held.lines)
        ]

    def do(self, command: Command) -> Record:
        """Decide ``command``, put its changes into the book, and return the record."""
        sequence = len(self.records) + 1
        now = self.clock.now()
        decision = decide(self, command, now, f"r{sequence}")
        levels = tuple(decision.levels.values())
        record = Record(sequence, f"r{sequence}", now, "ann", tuple(decision.events), levels)
        self.records.append(record)
        self._take_over(decision)
        return record

    def replay(self, record: Record) -> Changes:
        """Evolve the book by the events of ``record`` alone: no rule is asked, and no clock."""
        changes = Changes(self, record.ts)
        for event in record.events:
            evolve(changes, event)
        self.records.append(record)
        self._take_over(changes)
        return changes

    def refused(self, kind: type[R], command: Command) -> R:
        """Return the refusal that ``command`` gets, and make sure that it changed nothing."""
        before = (dict(self.levels), dict(self.reservations), dict(self.documents))
        with pytest.raises(kind) as caught:
            decide(self, command, self.clock.now(), "refused")
        assert type(caught.value) is kind
        assert (self.levels, self.reservations, self.documents) == before
        return caught.value

    def faults(self, refusal: Refusal) -> dict[StockKey, type[Refusal]]:
        """Return the kind of each line's refusal."""
        faults: tuple[LineFault, ...] = getattr(refusal, "faults", ())
        return {fault.line.key: type(fault.cause) for fault in faults}

    def stock(self, key: StockKey) -> Level:
        """Return a level that must be there."""
        return self.levels[key]

    def numbers(self, key: StockKey) -> tuple[int, int, int]:
        """Return (on-hand, reserved, version) of a level."""
        level = self.levels[key]
        return (level.on_hand, level.reserved, level.version)

    def held(self, record: Record) -> Reservation:
        """Return the reservation that ``record`` made, as it is now."""
        return self.reservations[record.id]

    def _take_over(self, changes: Changes) -> None:
        self.levels.update(changes.levels)
        self.reservations.update(changes.reservations)
        for key, document in changes.documents.items():
            if isinstance(document, Gone):
                self.documents.pop(key, None)
            else:
                self.documents[key] = document


def stocked(on_hand: int, *keys: StockKey) -> Book:
    """Return a book with ``on_hand`` units of every key (of TEA, when none is named)."""
    book = Book()
    for store_id, sku in keys or (TEA,):
        book.do(CountStock(store_id, sku, on_hand))
    return book


def reserve(key: StockKey, qty: int, ttl_s: int | None = None) -> ReserveStock:
    """Name a single-line reservation."""
    return ReserveStock(*key, qty, ttl_s=ttl_s)


__all__ = ["RICE", "SALT", "TEA", "Book", "MakeReservation", "reserve", "stocked"]
