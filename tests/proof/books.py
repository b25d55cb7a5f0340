"""Stock as the events tell it, folded by code that shares nothing with the service."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.proof.ledger import StockKey


@dataclass(slots=True)
class Book:
    """The numbers of one level."""

    on_hand: int = 0
    reserved: int = 0
    version: int = 0

    def numbers(self) -> tuple[int, int, int]:
        """Return (on-hand, reserved, version)."""
        return self.on_hand, self.reserved, self.version


@dataclass(slots=True)
class Books:
    """Every level. ``faults`` says in words which event cannot have happened."""

    levels: dict[StockKey, Book] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def fold(self, record: dict[str, Any]) -> None:
        """Apply one record; each level that it touches goes up by one version."""
        touched: set[StockKey] = set()
        for event in record["events"]:
            touched |= self._apply(event)
        for key in touched:
            self.levels[key].version += 1
        for level in record.get("levels", ()):
            told = level["onHand"], level["reserved"], level["version"]
            key = level["storeId"], level["sku"]
            if told != self.levels[key].numbers():
                self.faults.append(f"record {record['sequence']} says {told} of {key}")

    def _apply(self, event: dict[str, Any]) -> set[StockKey]:
        match event["type"]:
            case "StockCounted":
                key = event["storeId"], event["sku"]
                counted = event["onHand"] - self.levels.setdefault(key, Book()).on_hand
                return self._move([{**event, "qty": counted}], on_hand=1)
            case "StockAdjusted":
                return self._move([{**event, "qty": event["delta"]}], on_hand=1)
            case "StockReserved":
                return self._move(event["lines"], reserved=1)
            case "ReservationCommitted":
                left = self._move(event["committed"], on_hand=-1, reserved=-1)
                return left | self._move(event.get("released", ()), reserved=-1)
            case "ReservationReleased" | "ReservationExpired":
                return self._move(event["lines"], reserved=-1)
            case unknown:
                raise AssertionError(f"an event of the unknown type {unknown}")

    def _move(
        self, lines: Iterable[dict[str, Any]], on_hand: int = 0, reserved: int = 0
    ) -> set[StockKey]:
        """Change the levels of ``lines`` by their quantity, times the two factors."""
        keys = set()
        for line in lines:
            key = line["storeId"], line["sku"]
            book = self.levels.setdefault(key, Book())
            book.on_hand += on_hand * line["qty"]
            book.reserved += reserved * line["qty"]
            if not 0 <= book.reserved <= book.on_hand:
                self.faults.append(f"{key} stood at {book.numbers()}")
            keys.add(key)
        return keys
