"""Why the platform's cart could not be dealt with now. Ours is unharmed each time."""

from surestock.commerce import errors as commerce
from surestock.kit.errors import SurestockError, Unavailable


class QueueFull(Unavailable):
    """More requests of one user wait for the platform than may."""

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"Too many requests about the cart of user {user_id} wait for the commerce platform. "
            "Try again in a moment."
        )


class SyncFailed(SurestockError):
    """The platform's cart could not be brought up to ours. ``cause`` is what the platform did.

    ``is_unreachable``: it was not reached, or takes no calls, so that trying again after
    ``retry_after_s`` (whole seconds) may succeed; else it refused, or answered what makes no sense.
    """

    def __init__(self, user_id: str, cause: commerce.CommerceError) -> None:
        super().__init__(
            f"The cart of user {user_id} is unharmed, but the commerce platform could not take it "
            f"over: {sentence_of(cause)} It is tried again in the background."
        )
        self.cause = cause
        self.is_unreachable = is_unreachable(cause)
        self.retry_after_s: int = getattr(cause, "retry_after_s", 1)


def is_unreachable(error: commerce.CommerceError) -> bool:
    """Tell whether nothing is known of what is asked for, but that nobody was there to do it."""
    return isinstance(error, commerce.Unavailable | commerce.RateLimited)


def sentence_of(error: commerce.CommerceError) -> str:
    """Return what is recorded of a failure: one sentence, the same for each failure of a kind.

    How long a platform is left alone is not in it: else each try would be something new to record.
    """
    if isinstance(error, commerce.Unavailable):
        return "The commerce platform cannot be reached now."
    if isinstance(error, commerce.CartExpired):
        return "The commerce platform loses its cart again and again."
    return str(error)
