"""What the platform knows: carts, orders, and what becomes of the next one. Each step is whole."""

import asyncio
from collections import Counter
from itertools import count, cycle
from typing import Any

from msgspec import Struct

from tests.stand_in.terms import Behaviour, Books, Order, Outcome


class Answer(Struct, frozen=True):
    """A status and a body, after a while."""

    status: int
    body: object = None
    after_s: float = 0.0


class _Cart(Struct):
    reference: str
    currency: str
    lines: dict[str, tuple[int, int]]


class Shop:
    """Answers requests. None is for one that gets no answer."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._carts: dict[str, _Cart] = {}
        self._orders: dict[str, list[Order]] = {}
        self._asked: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self.behave(Behaviour())

    def behave(self, behaviour: Behaviour) -> None:
        """Let the next orders end as told, from the first outcome on."""
        self._late_s = behaviour.late_s
        self._outcomes = cycle(behaviour.outcomes)

    def books(self) -> Books:
        """Return all that is known."""
        carts = {
            cart.reference: {sku: qty for sku, (qty, _) in cart.lines.items()}
            for cart in self._carts.values()
        }
        return Books(self._orders, carts, dict(self._asked), dict(self._calls))

    def answer(self, method: str, path: str, body: Any) -> Answer | None:
        """Carry a request out."""
        match method, path.strip("/").split("/"):
            case "POST", ["carts"]:
                self._calls["open"] += 1
                cart_id = f"cart-{next(self._ids)}"
                self._carts[cart_id] = _Cart(body["reference"], body["currency"], {})
                return self._show(cart_id)
            case "GET", ["orders", attempt_id]:
                self._calls["find"] += 1
                orders = self._orders.get(attempt_id)
                return Answer(200, orders[0]) if orders else Answer(404)
            case _, ["carts", cart_id, *rest] if cart_id in self._carts:
                return self._use(method, cart_id, rest, body)
        return Answer(410)

    def _use(self, method: str, cart_id: str, rest: list[str], body: Any) -> Answer | None:
        lines = self._carts[cart_id].lines
        match method, rest:
            case "GET", []:
                self._calls["read"] += 1
            case "PUT", ["lines", sku]:
                self._calls["set"] += 1
                lines[sku] = (body["qty"], body["price"])
            case "DELETE", ["lines", sku]:
                self._calls["remove"] += 1
                lines.pop(sku, None)
            case "DELETE", []:
                self._calls["close"] += 1
                del self._carts[cart_id]
                return Answer(204)
            case "POST", ["orders"]:
                return self._place(cart_id, body["attemptId"])
            case _:
                return Answer(400)
        return self._show(cart_id)

    def _place(self, cart_id: str, attempt_id: str) -> Answer | None:
        self._calls["place"] += 1
        self._asked[attempt_id] += 1
        outcome: Outcome = next(self._outcomes)
        if outcome == "decline":
            return Answer(402)
        if outcome == "drop":
            return None
        order = self._make_order(cart_id, attempt_id)
        if outcome == "late":
            loop = asyncio.get_running_loop()
            loop.call_later(self._late_s, self._accept, order)
            return None
        self._accept(order)
        if outcome == "lose":
            return None
        return Answer(201, order, self._late_s if outcome == "slow" else 0.0)

    def _make_order(self, cart_id: str, attempt_id: str) -> Order:
        cart = self._carts[cart_id]
        return Order(
            f"order-{next(self._ids)}",
            attempt_id,
            cart.reference,
            sum(qty * price for qty, price in cart.lines.values()),
            cart.currency,
            {sku: qty for sku, (qty, _) in cart.lines.items()},
        )

    def _accept(self, order: Order) -> None:
        self._orders.setdefault(order.attempt_id, []).append(order)

    def _show(self, cart_id: str) -> Answer:
        cart = self._carts[cart_id]
        lines = [
            {"sku": sku, "qty": qty, "price": price} for sku, (qty, price) in cart.lines.items()
        ]
        return Answer(200, {"cartId": cart_id, "currency": cart.currency, "lines": lines})
