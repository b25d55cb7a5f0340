"""What a refusal of Medusa means, in our words.

Most have the status 400 and a type that says little, so the message decides. Medusa's own text goes
no further than here.
"""

import msgspec
from msgspec import MsgspecError

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    InsufficientStock,
    ItemNotFound,
    PaymentDeclined,
    RateLimited,
    Unavailable,
)
from surestock.commerce.providers.medusa.shapes import Fault
from surestock.commerce.reply import Reply

_REFUSED = 400
_NO_KEY = frozenset({401, 403})
_NOT_FOUND = 404
_CLASH = 409
_UNPAID = 422
_TOO_MANY = 429
_SERVER_FAULT = 500

UNPAID = frozenset({"payment_authorization_error", "payment_requires_more_error"})
_REFUSALS = frozenset({_REFUSED, _NOT_FOUND, _UNPAID})


def fault_of(reply: Reply) -> Fault:
    """Return what a refusal says. Raises ``BadAnswer`` when it is not one of Medusa's."""
    try:
        return msgspec.json.decode(reply.body, type=Fault)
    except (MsgspecError, ValueError, RecursionError):
        text = f"The commerce platform's answer (status {reply.status}) is no Fault."
        raise BadAnswer(text) from None


def refusal(reply: Reply, sku: str | None = None) -> CommerceError:
    """Return the error for an answer that is no success. ``sku`` is what it was about, if one."""
    if reply.status == _TOO_MANY:
        return RateLimited(reply.retry_after_s)
    if reply.status >= _SERVER_FAULT:
        return Unavailable("The commerce platform failed to answer.", reply.retry_after_s)
    if reply.status in _NO_KEY:
        return _key_refused()
    if reply.status == _CLASH:
        return Conflict("The commerce platform is at work on this cart already.")
    if reply.status in _REFUSALS:
        return _meaning(reply.status, fault_of(reply), sku)
    return BadAnswer(f"The commerce platform answered with the status {reply.status}.")


def is_too_few(fault: Fault) -> bool:
    """Whether there is too little of something; Medusa does not tell of what."""
    message = fault.message.lower()
    return fault.code == "insufficient_inventory" or "not enough stock" in message


def _meaning(status: int, fault: Fault, sku: str | None) -> CommerceError:
    message = fault.message.lower()
    if "publishable" in message and "key" in message:
        return _key_refused()
    if sku is not None and is_too_few(fault):
        return InsufficientStock(sku)
    if sku is not None and "variants" in message and "do not exist" in message:
        return ItemNotFound(sku)
    if fault.type in UNPAID or "was not authorized" in message:
        return declined()
    is_gone = status == _NOT_FOUND and not message.startswith("line item")
    if is_gone or "already completed" in message:
        return expired()
    return Conflict("The commerce platform refused this, as the cart stands.")


def expired() -> CartExpired:
    """Return the error for a cart that is gone, or that has become an order."""
    return CartExpired("The commerce platform has this cart no more.")


def declined() -> PaymentDeclined:
    """Return the error for an order that became none because it was not paid."""
    return PaymentDeclined("The payment was refused.")


def _key_refused() -> CommerceError:
    return Unavailable("The commerce platform does not accept the key that is configured.")
