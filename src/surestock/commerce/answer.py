"""What is taken for an answer of a platform: of the right form, bounded, and printable.

A provider may be somebody else's code, and its platform is. What passes here ends in the log, in
answers to clients and in front of people, so it is looked at once, where it comes in.
"""

import re
from typing import get_args

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    InsufficientStock,
    ItemNotFound,
    PriceChanged,
    RateLimited,
    Unavailable,
)
from surestock.commerce.port import OrderState, PlacedOrder, RemoteCart, RemoteLine

LONGEST_TEXT = 200
MOST_LINES = 1_000
MOST_SECRETS = 16
LONGEST_SECRET = 8_192
_MOST = 9_007_199_254_740_991
_LONGEST_WAIT_S = 60
_CURRENCY = re.compile("[A-Z]{3}")
_STATES = get_args(OrderState)


def check_cart(cart: object, provider: str) -> None:
    """Raise ``BadAnswer`` unless it is a cart of this provider."""
    lines: object = cart.lines if isinstance(cart, RemoteCart) else None
    if not isinstance(cart, RemoteCart) or not isinstance(lines, tuple):
        raise BadAnswer("The commerce platform's cart is no cart.")
    check_context(cart.context, provider)
    if len(cart.lines) > MOST_LINES:
        raise BadAnswer("The commerce platform's cart has too many lines.")
    for line in cart.lines:
        _check_line(line)
    if len({line.sku for line in cart.lines}) < len(cart.lines):
        raise BadAnswer("The commerce platform's cart has a SKU in two lines.")
    if cart.currency is not None and not _is_currency(cart.currency):
        raise BadAnswer("The commerce platform's cart has a currency that is none.")
    if cart.total is not None and not _is_count(cart.total):
        raise BadAnswer("The commerce platform's cart has a total that is none.")


def check_context(context: object, provider: str) -> None:
    """Raise ``BadAnswer`` unless it is a context of this provider."""
    if not isinstance(context, ExternalContext) or context.provider != provider:
        raise BadAnswer("The commerce platform's cart is another platform's.")
    if not _is_name(context.external_cart_id):
        raise BadAnswer("The commerce platform's cart has an id that is none.")
    secrets: object = context.secrets
    if not isinstance(secrets, dict) or len(secrets) > MOST_SECRETS:
        raise BadAnswer("The commerce platform's cart has too many secrets.")
    if not all(_is_name(name) and _is_secret(secret) for name, secret in secrets.items()):
        raise BadAnswer("The commerce platform's cart has a secret that is none.")


def check_order(order: object) -> None:
    """Raise ``BadAnswer`` unless it is an order."""
    if not isinstance(order, PlacedOrder) or order.state not in _STATES:
        raise BadAnswer("The commerce platform's order is no order.")
    if not _is_name(order.order_id) or not _is_name(order.order_number):
        raise BadAnswer("The commerce platform's order has an id that is none.")
    if not _is_count(order.total) or not _is_currency(order.currency):
        raise BadAnswer("The commerce platform's order has a total that is none.")


def check_found(order: object) -> None:
    """Raise ``BadAnswer`` unless it is an order or None."""
    if order is not None:
        check_order(order)


def check_own(context: ExternalContext, provider: str) -> None:
    """Raise ``CartExpired`` for another platform's cart: nobody else's secrets are sent to one."""
    if context.provider != provider:
        raise CartExpired("The cart is at another commerce platform.")


def check_nothing(_: object) -> None:
    """Take anything: nobody looks at it."""


def make_fit(error: CommerceError) -> None:
    """Make what an error carries fit for people: short, printable, and no wait without end."""
    error.args = (fit_text(str(error)),)
    if isinstance(error, ItemNotFound | InsufficientStock | PriceChanged):
        error.sku = fit_text(str(error.sku))
    if isinstance(error, InsufficientStock) and not _is_count(error.available):
        error.available = None
    if isinstance(error, RateLimited | Unavailable):
        wait_s = error.retry_after_s if _is_count(error.retry_after_s) else 1
        error.retry_after_s = max(1, min(_LONGEST_WAIT_S, wait_s))


def fit_text(text: str) -> str:
    """Return the beginning of a text, with a question mark for what cannot be printed."""
    start = text[:LONGEST_TEXT]
    return start if start.isprintable() else "".join(c if c.isprintable() else "?" for c in start)


def _check_line(line: object) -> None:
    if not isinstance(line, RemoteLine) or not (_is_name(line.line_id) and _is_name(line.sku)):
        raise BadAnswer("The commerce platform's cart has a line that is none.")
    if not _is_count(line.qty):
        raise BadAnswer("The commerce platform's cart has a quantity that is none.")
    if line.unit_price is not None and not _is_count(line.unit_price):
        raise BadAnswer("The commerce platform's cart has a price that is none.")


def _is_name(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= LONGEST_TEXT and text.isprintable()


def _is_secret(text: object) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_SECRET and text.isprintable()


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number <= _MOST


def _is_currency(text: object) -> bool:
    return isinstance(text, str) and _CURRENCY.fullmatch(text) is not None
