"""The operations that the clients send: every kind of stock mutation, on few enough SKUs to meet.

Markers tie an operation to its record. A count carries it as ``reason``, an adjust or a new
reservation as ``reference``; the end of a reservation is known by the reservation it ends.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.proof.ledger import Effect, Operation

STORES = ("north", "south", "east")


def end_marker(reservation_id: str) -> str:
    """Return the marker of the operation that commits or releases a reservation."""
    return f"end-of-{reservation_id}"


@dataclass(slots=True)
class Workload:
    """Makes operations. ``run`` keeps the markers of several workloads on one log apart."""

    dice: random.Random
    run: str = "run"
    skus: tuple[str, ...] = tuple(f"sku-{number}" for number in range(12))
    open_with: int = 1_000
    _made: int = 0
    _reservations: list[tuple[str, tuple[Effect, ...]]] = field(default_factory=list)

    def opening(self) -> list[Operation]:
        """Return the counts that open every level. Every fourth SKU is scarce."""
        return [
            self._opened(store, sku, self.open_with if number % 4 else 20)
            for store in STORES
            for number, sku in enumerate(self.skus)
        ]

    def next(self) -> Operation:
        """Return the next operation of some client."""
        roll = self.dice.randrange(100)
        if roll < 25 and self._reservations:
            return self._ended()
        if roll < 50:
            return self._reserved()
        if roll < 65:
            return self._reserved_lines()
        return self._adjusted()

    def learn(self, operation: Operation) -> None:
        """Take note of an acknowledged reservation, so that a later operation can end it."""
        made = operation.reply.json().get("reservationId") if operation.reply else None
        if made and operation.path.endswith(("/reserve", "/reservations")):
            self._reservations.append((made, operation.effects))

    def _named(
        self, method: str, path: str, body: dict[str, Any], effects: tuple[Effect, ...], naming: str
    ) -> Operation:
        self._made += 1
        marker = f"{self.run}-{self._made}"
        return Operation(f"key-{marker}", method, path, {**body, naming: marker}, marker, effects)

    def _opened(self, store: str, sku: str, units: int) -> Operation:
        path = f"/stores/{store}/inventory/{sku}"
        return self._named(
            "PUT", path, {"onHand": units}, (Effect(store, sku, units, 0),), "reason"
        )

    def _adjusted(self) -> Operation:
        store, sku = self.dice.choice(STORES), self.dice.choice(self.skus)
        delta = self.dice.randint(-8, 8) or 1
        return self._named(
            "POST",
            f"/stores/{store}/inventory/{sku}/adjust",
            {"delta": delta},
            (Effect(store, sku, delta, 0),),
            "reference",
        )

    def _reserved(self) -> Operation:
        store, sku = self.dice.choice(STORES), self.dice.choice(self.skus)
        qty = self.dice.randint(1, 5)
        return self._named(
            "POST",
            f"/stores/{store}/inventory/{sku}/reserve",
            {"qty": qty},
            (Effect(store, sku, 0, qty),),
            "reference",
        )

    def _reserved_lines(self) -> Operation:
        first, second = self.dice.choice(self.skus), self.dice.choice(self.skus)
        effects = (
            Effect(STORES[0], first, 0, self.dice.randint(1, 3)),
            Effect(STORES[1], second, 0, self.dice.randint(1, 3)),
        )
        lines = [{"storeId": e.store_id, "sku": e.sku, "qty": e.reserved} for e in effects]
        return self._named("POST", "/reservations", {"lines": lines}, effects, "reference")

    def _ended(self) -> Operation:
        chosen = self.dice.randrange(len(self._reservations))
        reservation_id, held = self._reservations.pop(chosen)
        verb = self.dice.choice(("commit", "release"))
        leaves = verb == "commit"
        effects = tuple(
            Effect(e.store_id, e.sku, -e.reserved if leaves else 0, -e.reserved) for e in held
        )
        self._made += 1
        return Operation(
            f"key-{self.run}-{self._made}",
            "POST",
            f"/reservations/{reservation_id}/{verb}",
            {},
            end_marker(reservation_id),
            effects,
        )
