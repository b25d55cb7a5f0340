"""A reservation, told by its own records: for one that no state holds any more."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from surestock.cart.events import CartEvent
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.events import StockReserved
from surestock.inventory.evolve import evolve
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.view import Changes
from surestock.ledger.record import Record


class _Nothing:
    """A view of no state at all."""

    def level(self, key: StockKey) -> Level | None:  # noqa: ARG002 - the port
        return None

    def reservation(self, reservation_id: str) -> Reservation | None:  # noqa: ARG002 - the port
        return None

    def due(self, key: StockKey, now: datetime) -> Iterator[Reservation]:  # noqa: ARG002 - the port
        return iter(())

    def document(self, key: DocumentKey) -> Document | None:  # noqa: ARG002 - the port
        return None


class _ReservationsOnly(Changes):
    """Changes to reservations. Levels are not known, and not needed."""

    __slots__ = ()

    def move(self, key: StockKey, on_hand: int, reserved: int) -> Level:
        """Take a level that is moved for one that may be moved so."""
        store_id, sku = key
        return Level(store_id, sku, on_hand, reserved, 1, self.at)


def reservation_of(records: Iterable[Record], reservation_id: str) -> Reservation | None:
    """Return the reservation as ``records``, in order, leave it; None when they don't make it.

    They are all records that name it, and may tell of others too. Without the first of them, which
    made it, nothing is known.
    """
    held = None
    for record in records:
        changes = _ReservationsOnly(_Nothing(), record.ts)
        if held is not None:
            changes.reservations[reservation_id] = held
        for event in record.events:
            if getattr(event, "reservation_id", None) == reservation_id:
                if isinstance(event, CartEvent):
                    continue
                if held is None and not isinstance(event, StockReserved):
                    return None
                evolve(changes, event)
                held = changes.reservations[reservation_id]
    return held
