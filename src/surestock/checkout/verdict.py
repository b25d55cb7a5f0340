"""What an error of the platform means for a checkout. Pure.

The codes are those of the HTTP contract.
"""

from surestock.cart.model import Failure
from surestock.commerce import errors as com
from surestock.commerce.port import PlacedOrder

REPEATABLE = {"ProviderError", "ProviderUnavailable"}
"""Failures that say nothing about the cart: the same request may be sent again, key and all."""

NOT_PLACED = (*com.REFUSALS, com.RateLimited, com.Unavailable)
"""Errors of placing after which there is no order. All others say nothing of the kind."""


def failure_of(error: com.CommerceError) -> Failure:
    """Return how a checkout failed that placed no order because of ``error``."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return Failure(code, str(error), _members_of(error))
    return Failure("ProviderError", str(error))


_CODES: tuple[tuple[type[com.CommerceError], str], ...] = (
    (com.PaymentDeclined, "PaymentDeclined"),
    (com.InsufficientStock, "InsufficientStock"),
    (com.PriceChanged, "PriceChanged"),
    (com.ItemNotFound, "ItemNotSold"),
    (com.Conflict, "ProviderConflict"),
    (com.CartExpired, "ProviderConflict"),
    (com.Unavailable, "ProviderUnavailable"),
    (com.RateLimited, "ProviderUnavailable"),
)


def _members_of(error: com.CommerceError) -> dict[str, object] | None:
    if isinstance(error, com.InsufficientStock):
        return {"sku": error.sku, "available": error.available}
    if isinstance(error, com.PriceChanged):
        return {"changes": [{"sku": error.sku, "old": error.old, "new": error.new}]}
    if isinstance(error, com.ItemNotFound):
        return {"sku": error.sku}
    if isinstance(error, com.Unavailable | com.RateLimited):
        return {"retryAfter": error.retry_after_s}
    return None


def interrupted() -> Failure:
    """Return how a checkout failed that ended before its order was placed."""
    return Failure(
        "ProviderUnavailable",
        "The checkout was interrupted before its order was placed. Nothing was bought.",
    )


def absent() -> Failure:
    """Return how a checkout failed whose order never came to be."""
    return Failure(
        "ProviderError",
        "The commerce platform gave no answer, and has made no order. Nothing was bought.",
    )


def rejected() -> Failure:
    """Return how a checkout failed whose order the platform has, unpaid, and gave up."""
    return Failure("PaymentDeclined", "The commerce platform could not collect the payment.")


def turned_up(order: PlacedOrder) -> Failure:
    """Return how a checkout failed for whose cart there is an order already, of another content."""
    return Failure(
        "ProviderConflict",
        f"Order {order.order_number} of an earlier checkout of this cart turned up after all. "
        "Nothing more was bought. Drop the cart to begin a new one.",
        {"orderId": order.order_id, "orderNumber": order.order_number},
    )
