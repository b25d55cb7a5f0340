"""How a checkout can fail, for those who asked for it."""

from surestock.cart.model import Failure
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
