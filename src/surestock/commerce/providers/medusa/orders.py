"""Placing an order and finding it again."""

from datetime import timedelta

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    Conflict,
    InsufficientStock,
    PaymentDeclined,
)
from surestock.commerce.port import OrderState, PlacedOrder
from surestock.commerce.providers.medusa.completion import Completion
from surestock.commerce.providers.medusa.order import attempt_of, placed_order
from surestock.commerce.providers.medusa.refusal import expired
from surestock.commerce.providers.medusa.shapes import ORDER_FIELDS, Cart, OrderAnswer
from surestock.commerce.providers.medusa.store import Store, order_path

_PAGE = 4
"""Each comes with all its lines, 2 kB a line, whether they are asked for or not."""

_MOST_PAGES = 50
_CLOCKS_APART = timedelta(hours=1)
_BEST_FIRST: tuple[OrderState, ...] = ("placed", "pending", "failed")


class Orders:
    """Places the order of a cart, and finds it."""

    def __init__(self, store: Store, completion: Completion) -> None:
        self._store = store
        self._completion = completion

    async def place(self, cart_id: str, attempt_id: str) -> PlacedOrder:
        """Complete a cart that was prepared for the attempt, and for no other."""
        cart = await self._store.cart(cart_id)
        if attempt_of(cart.metadata) == attempt_id:
            return await self._completion.complete(cart)
        if cart.completed_at is not None:
            raise expired()
        raise Conflict("The commerce platform's cart is not prepared for this attempt.")

    async def find(self, cart_id: str, attempt_id: str) -> PlacedOrder | None:
        """Return the order of an attempt, see ``MedusaProvider.find_order``."""
        cart = await self._store.cart(cart_id)
        if self._store.has_admin:
            return await self._find_marked(cart, attempt_id)
        if cart.completed_at is None or attempt_of(cart.metadata) != attempt_id:
            return None
        try:
            return await self._completion.complete(cart)
        except (CartExpired, Conflict, InsufficientStock, PaymentDeclined):
            return None

    async def _find_marked(self, cart: Cart, attempt_id: str) -> PlacedOrder | None:
        """Look through the orders that the cart's customer made since there is the cart.

        There may be two: one that Medusa died over, before it knew that the cart was its, and the
        one that was made when the cart was completed again. The one that is paid counts.
        """
        if attempt_of(cart.metadata) is None:
            return None
        if cart.customer is None:
            raise BadAnswer("The commerce platform does not tell whose cart it is.")
        query = {
            "customer_id": cart.customer.id,
            "created_at[$gte]": (cart.created_at - _CLOCKS_APART).isoformat(),
            "order": "created_at",
            "limit": str(_PAGE),
        }
        found: list[PlacedOrder] = []
        for page in range(_MOST_PAGES):
            marks = (await self._store.marks({**query, "offset": str(page * _PAGE)})).orders
            found += [
                await self._read(mark.id)
                for mark in marks
                if attempt_of(mark.metadata) == attempt_id
            ]
            if len(marks) < _PAGE:
                return _best(found, cart, attempt_id)
        raise BadAnswer("The commerce platform has more orders of one customer than can be read.")

    async def _read(self, order_id: str) -> PlacedOrder:
        query = {"fields": ORDER_FIELDS}
        return placed_order((await self._store.get(order_path(order_id), query, OrderAnswer)).order)


def _best(found: list[PlacedOrder], cart: Cart, attempt_id: str) -> PlacedOrder | None:
    if found:
        return min(found, key=lambda order: _BEST_FIRST.index(order.state))
    if cart.completed_at is not None and attempt_of(cart.metadata) == attempt_id:
        # To take this for "none" could make a second order of it.
        raise BadAnswer("The commerce platform has completed the cart, and shows no order of it.")
    return None
