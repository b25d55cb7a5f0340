"""How a checkout can fail, for those who asked for it."""

from typing import Self

from msgspec import Struct, convert

from surestock.cart.model import Checkout, Failure
from surestock.kit.errors import Refusal, Unavailable


class CheckoutFailed(Refusal):
    """No order was placed. ``failure.code`` tells why; some of them may be tried again.

    ``replayed`` tells that this answer was given before.
    """

    def __init__(self, failure: Failure, *, replayed: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.replayed = replayed


class ProviderUnavailable(Unavailable):
    """The commerce platform is not reached now. Nothing was bought, and the cart is as it was."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__(
            "The commerce platform cannot be reached, so nothing was bought. "
            f"Check out again in {retry_after_s} s; the cart is as it was."
        )
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, failure: Failure) -> Self:
        """Return the error for a checkout that failed for this reason alone."""
        members = failure.members
        told = _Wait() if members is None else convert(members, _Wait)
        return cls(max(1, told.retry_after))


class _Wait(Struct, rename="camel"):
    retry_after: int = 1


class CheckoutResolved(Refusal):
    """A person's word on a checkout comes too late: it has had its end."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(
            f"Checkout {checkout.attempt.attempt_id} of user {checkout.user_id} is "
            f"{checkout.status} already."
        )
        self.checkout = checkout
