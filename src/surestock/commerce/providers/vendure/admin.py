"""What only an administrator may ask: orders by their attempt, variants by their SKU.

The session is opened when it is needed first, and again when the platform has forgotten it.
"""

from collections.abc import Mapping
from typing import Any, Final

from surestock.commerce.errors import BadAnswer, Conflict, ItemNotFound
from surestock.commerce.port import OrderState, PlacedOrder
from surestock.commerce.providers.vendure import queries
from surestock.commerce.providers.vendure.answer import (
    KnownOrder,
    OrderList,
    Result,
    VariantList,
)
from surestock.commerce.providers.vendure.config import AdminLogin
from surestock.commerce.providers.vendure.graphql import Answered, Api
from surestock.commerce.providers.vendure.mapping import placed_order
from surestock.commerce.providers.vendure.refusal import Refused

_FORBIDDEN: Final = "FORBIDDEN"
_CANCELLED: Final = "Cancelled"
_MOST_VARIANTS: Final = 10_000
_BEST_FIRST: Final[tuple[OrderState, ...]] = ("placed", "pending", "failed")


class Admin:
    """Asks the Admin API, and remembers the ids of so many variants."""

    def __init__(self, api: Api, login: AdminLogin, attempt_field: str) -> None:
        self._api = api
        self._login = login
        self._attempt_field = attempt_field
        self._token: str | None = None
        self._variants: dict[str, str] = {}

    async def find_order(self, attempt_id: str) -> PlacedOrder | None:
        """Return the order that holds the attempt's id and is not an active cart any more."""
        by_attempt = {self._attempt_field: {"eq": attempt_id}}
        answered = await self._ask(queries.ORDERS, {"filter": by_attempt})
        orders = answered.part("orders", OrderList).items
        found = [order for order in map(_order, orders) if order is not None]
        return min(found, key=lambda order: _BEST_FIRST.index(order.state), default=None)

    async def get_variant(self, sku: str) -> str:
        """Return the id of the variant with this SKU. Raises ``ItemNotFound``."""
        known = self._variants.get(sku)
        if known is not None:
            return known
        answered = await self._ask(queries.VARIANTS, {"sku": sku})
        found = [
            item for item in answered.part("productVariants", VariantList).items if item.sku == sku
        ]
        if not found:
            raise ItemNotFound(sku)
        if len(found) > 1:
            raise Conflict(f"The commerce platform sells several things as SKU {sku}.")
        if len(self._variants) >= _MOST_VARIANTS:
            del self._variants[next(iter(self._variants))]
        self._variants[sku] = found[0].id
        return found[0].id

    def forget_variant(self, sku: str) -> None:
        """Look the SKU up again next time."""
        self._variants.pop(sku, None)

    async def _ask(self, document: str, variables: Mapping[str, Any]) -> Answered:
        token = self._token
        if token is not None:
            try:
                return await self._api.ask(document, variables, token=token)
            except Refused as refused:
                if refused.code != _FORBIDDEN:
                    raise
        self._token = await self._log_in()
        return await self._api.ask(document, variables, token=self._token)

    async def _log_in(self) -> str:
        login = {"username": self._login.username, "password": self._login.password}
        answered = await self._api.ask(queries.LOGIN, login)
        if answered.part("login", Result).error_code is not None:
            raise Conflict("The commerce platform does not accept the administrator's credentials.")
        if answered.new_token is None:
            raise BadAnswer("The commerce platform gave no session to the administrator.")
        return answered.new_token


def _order(order: KnownOrder) -> PlacedOrder | None:
    """Return what an order is for us; None for one that was not placed and is not being paid."""
    if order.order_placed_at is None and not order.has_payment:
        return None
    state: OrderState = "pending" if order.order_placed_at is None else "placed"
    if order.state == _CANCELLED:
        state = "failed"
    return placed_order(order, state)
