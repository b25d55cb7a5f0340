"""What Vendure's own errors mean here. Its messages are not passed on: the codes say it all."""

from typing import Final

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    OutcomeUnknown,
    PaymentDeclined,
)
from surestock.commerce.providers.vendure.answer import Result

_LONGEST_CODE: Final = 60
_GONE: Final = "NO_ACTIVE_ORDER_ERROR"
_NOT_PAID: Final = frozenset({"PAYMENT_DECLINED_ERROR", "PAYMENT_FAILED_ERROR"})
# Told before a payment is asked for. Whatever tells that the order is not as it was a moment ago
# is not among them: another payment may have changed it.
_BEFORE_PAYMENT: Final = frozenset(
    {"INELIGIBLE_PAYMENT_METHOD_ERROR", "COUPON_REMOVED_DURING_CHECKOUT_ERROR"}
)


class Refused(Conflict):
    """The platform declined by an error of GraphQL or of a resolver. ``code`` tells which."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The commerce platform declined: {named(code)}.")
        self.code = code


def named(code: str) -> str:
    """Return a code of the platform that can be shown, or that it was none."""
    plain = code.isascii() and code.replace("_", "").isalnum() and len(code) <= _LONGEST_CODE
    return code if plain else "an unnamed error"


def refusal_of(result: Result) -> CommerceError:
    """Return what an error result means, for everything but a payment."""
    if result.error_code is None:
        return BadAnswer("The commerce platform answered with something that was not asked for.")
    if result.error_code == _GONE:
        return CartExpired("The commerce platform does not know the cart any more.")
    return Conflict(f"The commerce platform declined: {named(result.error_code)}.")


def payment_refusal_of(result: Result) -> CommerceError:
    """Return what an error result of a payment means: surely not placed, or unknown."""
    if result.error_code in _NOT_PAID:
        return PaymentDeclined("The payment was refused.")
    if result.error_code in _BEFORE_PAYMENT:
        return refusal_of(result)
    return OutcomeUnknown("The commerce platform did not say what became of the payment.")
