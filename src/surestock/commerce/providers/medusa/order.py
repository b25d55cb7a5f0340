"""What an order of Medusa is in the words of the port, and by what it is recognized."""

from collections.abc import Mapping
from typing import Any

from surestock.commerce.money import to_minor
from surestock.commerce.port import OrderState, PlacedOrder
from surestock.commerce.providers.medusa.shapes import Order

ATTEMPT = "surestock_attempt"
"""The key of the attempt's id in a cart's metadata. Its order inherits it."""

_PAID = frozenset({"authorized", "partially_captured", "completed"})
_OVER = frozenset({"canceled", "failed"})


def attempt_of(metadata: Mapping[str, Any] | None) -> str | None:
    """Return the id of the attempt for which a cart was prepared last, or an order placed."""
    attempt = (metadata or {}).get(ATTEMPT)
    return attempt if isinstance(attempt, str) else None


def placed_order(order: Order) -> PlacedOrder:
    """Return an order in the words of the port. Raises ``BadAnswer``."""
    currency = order.currency_code.upper()
    total = to_minor(order.total, currency)
    number = order.id if order.display_id is None else str(order.display_id)
    return PlacedOrder(order.id, number, _state(order, total), total, currency)


def _state(order: Order, total: int) -> OrderState:
    """Return how the order stands, by its payments: that it exists says nothing of them."""
    if order.status == "canceled":
        return "failed"
    if not order.payment_collections:
        return "placed" if total == 0 else "pending"
    live = [one.status for one in order.payment_collections if one.status not in _OVER]
    if not live:
        return "failed"
    return "placed" if all(status in _PAID for status in live) else "pending"
