"""A shop in memory that answers a customer as the service does, and can be told to go wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from demo.basket import Quantities, StockKey
from demo.oracle import Level
from demo.till import Answer


@dataclass
class Script:
    """A service that says what it was told to say, whatever it is asked."""

    answers: Iterator[Answer]

    async def send(
        self, method: str, target: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        return next(self.answers)


@dataclass
class Shop:
    """``levels`` hold on-hand, reserved and version. Each fault happens once, where it says.

    ``loses_commit``, ``forgets_commit``, ``doubles_commit`` and ``refuses`` name the commit, or
    the reservation, by its number, from 1.
    """

    opening: Quantities
    loses_commit: int = 0
    forgets_commit: int = 0
    doubles_commit: int = 0
    refuses: int = 0
    levels: dict[StockKey, list[int]] = field(default_factory=dict)
    reservations: dict[str, Quantities] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    _reserved: Iterator[int] = field(default_factory=lambda: count(1))
    _committed: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.levels = {key: [units, 0, 1] for key, units in self.opening.items()}

    async def send(
        self, method: str, target: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        assert method == "POST"
        assert key is not None
        self.keys.append(key)
        if target == "/reservations":
            assert isinstance(body, dict)
            return self._reserve(body["lines"])
        return self._commit(target.split("/")[2])

    def _reserve(self, lines: list[dict[str, Any]]) -> Answer:
        number = next(self._reserved)
        wanted = {(line["storeId"], line["sku"]): line["qty"] for line in lines}
        left = {key: self.levels[key][0] - self.levels[key][1] for key in wanted}
        if number == self.refuses:
            left = dict.fromkeys(wanted, 0)
        faults = [
            {"storeId": key[0], "sku": key[1], "available": left[key]}
            for key, units in wanted.items()
            if units > left[key]
        ]
        if faults:
            return Answer(409, {"error": "InsufficientStock", "lines": faults})
        for key, units in wanted.items():
            self._move(key, 0, units)
        self.reservations[f"r{number}"] = wanted
        return Answer(201, {"reservationId": f"r{number}"})

    def _commit(self, reservation: str) -> Answer:
        number = next(self._committed)
        for key, units in self.reservations[reservation].items():
            if number == self.forgets_commit:
                continue
            self._move(key, -units, -units)
            if number == self.loses_commit:
                self.levels[key][0] += units
            if number == self.doubles_commit:
                self.levels[key][0] -= units
        return Answer(200, {"status": "committed"})

    def _move(self, key: StockKey, on_hand: int, reserved: int) -> None:
        level = self.levels[key]
        self.levels[key] = [level[0] + on_hand, level[1] + reserved, level[2] + 1]

    def read(self) -> dict[StockKey, Level]:
        """Return the levels as the service would list them."""
        return {
            key: Level(on_hand, reserved, on_hand - reserved, version)
            for key, (on_hand, reserved, version) in self.levels.items()
        }
