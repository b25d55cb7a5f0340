"""What an engine should do, said again in plain dicts by somebody who never read its code.

Levels are recomputed from the reservations each time, and time is a number of seconds. Methods
return "ok" or the name of the refusal; for lines, the names by key.
"""

from dataclasses import dataclass, field

from surestock.inventory.model import StockKey

OK = "ok"


@dataclass
class Held:
    """A reservation: its lines, when it ends by itself, and its end if that is on record."""

    lines: dict[StockKey, int]
    ends_at: float | None
    status: str = "active"


@dataclass
class Reference:
    """All the stock there is."""

    now: float = 0.0
    on_hand: dict[StockKey, int] = field(default_factory=dict)
    version: dict[StockKey, int] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    records: int = 0

    def is_due(self, held: Held) -> bool:
        return held.status == "active" and held.ends_at is not None and held.ends_at <= self.now

    def status(self, name: str) -> str:
        held = self.held[name]
        return "expired" if self.is_due(held) else held.status

    def reserved(self, key: StockKey) -> int:
        return sum(
            held.lines.get(key, 0)
            for name, held in self.held.items()
            if self.status(name) == "active"
        )

    def available(self, key: StockKey) -> int:
        return self.on_hand[key] - self.reserved(key)

    def due_on(self, key: StockKey) -> int:
        return sum(key in held.lines for held in self.held.values() if self.is_due(held))

    def count(self, key: StockKey, on_hand: int, expected: int | None = None) -> str:
        if key not in self.on_hand:
            if expected is not None:
                return "NotFound"
            self.on_hand[key], self.version[key] = on_hand, 1
            self.records += 1
            return OK
        if expected not in (None, self.version[key]):
            return "VersionConflict"
        if on_hand < self.reserved(key):
            return "CountBelowReserved"
        self._record({key})
        self.on_hand[key] = on_hand
        return OK

    def adjust(self, key: StockKey, delta: int, expected: int | None = None) -> str:
        refusal = self._fault(key, -delta, expected)
        if refusal is None:
            self._record({key})
            self.on_hand[key] += delta
        return refusal or OK

    def reserve(
        self, key: StockKey, qty: int, ttl_s: int | None, name: str, expected: int | None = None
    ) -> str:
        refusal = self._fault(key, qty, expected)
        if refusal is None:
            self.hold({key: qty}, ttl_s, name)
        return refusal or OK

    def faults(
        self, lines: dict[StockKey, int], expected: dict[StockKey, int | None]
    ) -> dict[StockKey, str]:
        found = {key: self._fault(key, qty, expected[key]) for key, qty in lines.items()}
        return {key: fault for key, fault in found.items() if fault is not None}

    def hold(self, lines: dict[StockKey, int], ttl_s: int | None, name: str) -> None:
        self._record(set(lines))
        self.held[name] = Held(dict(lines), None if ttl_s is None else self.now + ttl_s)

    def commit(self, name: str, part: dict[StockKey, int] | None = None) -> str:
        if self.status(name) != "active":
            return "ReservationResolved"
        held = self.held[name]
        taken = held.lines if part is None else part
        if any(qty > held.lines.get(key, 0) for key, qty in taken.items()):
            return "LinesNotReserved"
        self._record(set(held.lines))
        held.status = "committed"
        for key, qty in taken.items():
            self.on_hand[key] -= qty
        return OK

    def release(self, name: str) -> str:
        if self.status(name) != "active":
            return "ReservationResolved"
        self._record(set(self.held[name].lines))
        self.held[name].status = "released"
        return OK

    def extend(self, name: str, ttl_s: int) -> str:
        if self.status(name) != "active":
            return "ReservationResolved"
        self.held[name].ends_at = self.now + ttl_s
        self.records += 1
        return OK

    def end_due(self) -> list[str]:
        """End every reservation that is due, and return their names. Versions are not raised."""
        due = [name for name, held in self.held.items() if self.is_due(held)]
        for name in due:
            self.held[name].status = "expired"
        return due

    def _fault(self, key: StockKey, qty: int, expected: int | None) -> str | None:
        if key not in self.on_hand:
            return "NotFound"
        if expected not in (None, self.version[key]):
            return "VersionConflict"
        return "InsufficientStock" if qty > self.available(key) else None

    def _record(self, keys: set[StockKey]) -> None:
        """Write one record that decides on ``keys``: it also ends what is due on any of them."""
        touched = set(keys)
        for held in self.held.values():
            if self.is_due(held) and keys & held.lines.keys():
                held.status = "expired"
                touched |= held.lines.keys()
        for key in touched:
            self.version[key] += 1
        self.records += 1
