"""What the errors about carts and checkouts add to their problems."""

from collections.abc import Callable
from typing import Any, TypeAlias

from surestock.api.checkout_answer import status_url
from surestock.cart import refusals as ref
from surestock.cart.reply import cart_body, checkout_body, product_body
from surestock.checkout.errors import CheckoutFailed, CheckoutResolved
from surestock.kit.errors import SurestockError
from surestock.mirror.errors import SyncFailed

Members: TypeAlias = dict[str, Any]


def _cart_conflict(error: ref.CartConflict) -> Members:
    cart = error.current
    return {
        "currentVersion": cart.version,
        "expectedVersion": error.expected_version,
        "current": cart_body(cart, error.checkout),
    }


def _product_conflict(error: ref.ProductConflict) -> Members:
    return {
        "currentVersion": error.current.version,
        "expectedVersion": error.expected_version or None,
        "current": product_body(error.current),
    }


def _currency(error: ref.CurrencyConflict) -> Members:
    return {"currency": error.currency, "cartCurrency": error.cart_currency}


def _store(error: ref.StoreConflict) -> Members:
    return {"storeId": error.store_id, "cartStoreId": error.held}


def _full(error: ref.CartFull) -> Members:
    return {"limit": error.limit}


def _prices(error: ref.PriceChanged) -> Members:
    return {"changes": error.changes}


def _in_progress(error: ref.CheckoutInProgress) -> Members:
    checkout = error.checkout
    return {"checkoutStatus": checkout.status, "statusUrl": status_url(checkout.user_id)}


def _resolved(error: CheckoutResolved) -> Members:
    checkout = error.checkout
    return {"checkoutStatus": checkout.status, "checkout": checkout_body(checkout)}


def _failed(error: CheckoutFailed) -> Members:
    members = error.failure.members
    return {} if members is None else members


def _not_synced(error: SyncFailed) -> Members:
    return {"retryAfter": error.retry_after_s} if error.is_unreachable else {}


CART_MEMBERS: tuple[tuple[type[SurestockError], Callable[[Any], Members]], ...] = (
    (ref.CartConflict, _cart_conflict),
    (ref.ProductConflict, _product_conflict),
    (ref.CurrencyConflict, _currency),
    (ref.StoreConflict, _store),
    (ref.CartFull, _full),
    (ref.PriceChanged, _prices),
    (ref.CheckoutInProgress, _in_progress),
    (CheckoutResolved, _resolved),
    (CheckoutFailed, _failed),
    (SyncFailed, _not_synced),
)
