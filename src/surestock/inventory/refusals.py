"""Why a command was declined. Each names the fact and carries what a client needs to go on."""

from msgspec import Struct

from surestock.inventory.model import Level, Line, Reservation
from surestock.kit.errors import Refusal


class NotFound(Refusal):
    """There is no such level or reservation."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what}.")


class VersionConflict(Refusal):
    """The level has another version than the client expected. ``current`` is the level as it is."""

    def __init__(self, expected_version: int | None, current: Level) -> None:
        wanted = "to be new" if expected_version is None else f"to have version {expected_version}"
        super().__init__(
            f"SKU {current.sku} in store {current.store_id} was expected {wanted}, "
            f"but has version {current.version}."
        )
        self.expected_version = expected_version
        self.current = current


class InsufficientStock(Refusal):
    """``requested`` units were asked for, and only ``available`` are there."""

    def __init__(self, available: int, requested: int, current: Level) -> None:
        super().__init__(
            f"SKU {current.sku} in store {current.store_id} has {available} units available, "
            f"not {requested}."
        )
        self.available = available
        self.requested = requested
        self.current = current


class CountBelowReserved(InsufficientStock):
    """A count found fewer units than reservations already own."""

    def __init__(self, counted: int, current: Level) -> None:
        super().__init__(current.available, current.on_hand - counted, current)
        self.args = (
            (
                f"{current.reserved} units of SKU {current.sku} in store {current.store_id} are "
                f"reserved, so on-hand cannot be {counted}."
            ),
        )


class QuantityLimit(Refusal):
    """The change would make a quantity too large to be kept exact by every JSON reader."""

    def __init__(self, current: Level) -> None:
        super().__init__(
            f"On-hand of SKU {current.sku} in store {current.store_id} is {current.on_hand}; "
            "the change would take it over 9007199254740991."
        )
        self.current = current


class LineFault(Struct, frozen=True):
    """One line of a reservation that failed, and why: the refusal it would have got alone."""

    line: Line
    cause: Refusal


class LinesRefused(Refusal):
    """Some lines of a reservation failed, so none was reserved. ``faults`` lists each of them."""

    def __init__(self, faults: tuple[LineFault, ...], lines: int) -> None:
        super().__init__(f"{len(faults)} of {lines} lines cannot be reserved, so none was.")
        self.faults = faults


class LinesNotReserved(Refusal):
    """A commit named lines, or quantities, that the reservation does not hold."""

    def __init__(self, reservation: Reservation, line: Line) -> None:
        super().__init__(
            f"Reservation {reservation.reservation_id} does not hold {line.qty} units of SKU "
            f"{line.sku} in store {line.store_id}."
        )
        self.line = line
        self.available = next((held.qty for held in reservation.lines if held.key == line.key), 0)


class RecordsDeleted(Refusal):
    """Records were asked for that no archive keeps. ``first`` is the oldest that there is."""

    def __init__(self, first: int) -> None:
        super().__init__(
            f"The records before {first} were deleted, since no archive is kept (ARCHIVE=off). "
            f"Ask for those after {first - 1}."
        )
        self.first = first


class ReservationHeld(Refusal):
    """The reservation belongs to a checkout, and only that decides what becomes of it."""

    def __init__(self, reservation: Reservation) -> None:
        user_id = reservation.held_for
        super().__init__(
            f"Reservation {reservation.reservation_id} belongs to the checkout of user {user_id}, "
            f"which alone decides about it. GET /carts/{user_id}/checkout tells how it stands."
        )
        self.reservation = reservation


class ReservationResolved(Refusal):
    """The reservation has had its one end already. ``reservation.status`` tells which."""

    def __init__(self, reservation: Reservation) -> None:
        super().__init__(
            f"Reservation {reservation.reservation_id} is {reservation.status} already."
        )
        self.reservation = reservation
