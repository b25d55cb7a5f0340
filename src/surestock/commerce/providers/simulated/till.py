"""The orders of the simulated platform: those that can be seen, and those that come late."""

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct, structs

from surestock.commerce.port import OrderState, PlacedOrder


class _Entry(Struct):
    attempt_id: str
    order: PlacedOrder
    seen_at: float
    asks_left: int
    paid_at: float | None


class Delay(Struct, frozen=True):
    """When an accepted order can be seen: so much later, and after so many asks for it."""

    seconds: float = 0.0
    asks: int = 0


class Till:
    """Keeps the ``most`` newest orders. Times are monotonic seconds."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._by_attempt: dict[str, list[_Entry]] = {}
        self.placed = 0

    def place(
        self, attempt_id: str, amount: tuple[int, str], delay: Delay, pending_s: float | None
    ) -> PlacedOrder:
        """Make an order over an amount of a currency; ``pending_s``: paid after so long."""
        self.placed += 1
        now = self._monotonic()
        total, currency = amount
        order = PlacedOrder(
            order_id=f"sim-order-{self.placed}",
            order_number=f"S{self.placed:08}",
            state="placed" if pending_s is None else "pending",
            total=total,
            currency=currency,
        )
        paid_at = None if pending_s is None else now + pending_s
        entry = _Entry(attempt_id, order, now + delay.seconds, delay.asks, paid_at)
        self._entries[order.order_id] = entry
        self._by_attempt.setdefault(attempt_id, []).append(entry)
        if len(self._entries) > self._most:
            self._drop_oldest()
        return order

    def ask(self, attempt_id: str) -> PlacedOrder | None:
        """Return the attempt's first order, if it can be seen. One that is late counts the asks."""
        entries = self._by_attempt.get(attempt_id)
        if not entries:
            return None
        entry = entries[0]
        if entry.asks_left:
            entry.asks_left -= 1
            return None
        return None if entry.seen_at > self._monotonic() else self._paid(entry)

    def accepted(self, attempt_id: str) -> PlacedOrder | None:
        """Return the attempt's first order, also one that cannot be seen yet."""
        entries = self._by_attempt.get(attempt_id)
        return self._paid(entries[0]) if entries else None

    def of(self, attempt_id: str) -> list[PlacedOrder]:
        """Return all orders of an attempt, also those that cannot be seen yet."""
        return [self._paid(entry) for entry in self._by_attempt.get(attempt_id, ())]

    def all(self) -> list[tuple[str, PlacedOrder]]:
        """Return every order with its attempt."""
        return [(entry.attempt_id, self._paid(entry)) for entry in self._entries.values()]

    def set_state(self, attempt_id: str, state: OrderState) -> None:
        """Let the payment of an attempt's orders have ended so."""
        for entry in self._by_attempt.get(attempt_id, ()):
            entry.order = structs.replace(entry.order, state=state)
            entry.paid_at = None

    def _paid(self, entry: _Entry) -> PlacedOrder:
        if entry.paid_at is not None and entry.paid_at <= self._monotonic():
            entry.order = structs.replace(entry.order, state="placed")
            entry.paid_at = None
        return entry.order

    def _drop_oldest(self) -> None:
        _, entry = self._entries.popitem(last=False)
        left = self._by_attempt[entry.attempt_id]
        left.remove(entry)
        if not left:
            del self._by_attempt[entry.attempt_id]
