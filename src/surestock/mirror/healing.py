"""When a sync that failed is tried again: later each time, and not while the platform is gone.

One platform serves all carts. When nobody is there, each cart would find that out for itself; so
after some failures in a row no sync begins for as long as the platform, or its guard, asks for.
That is no reason to try a single cart ever more rarely: once it is back, none waits long.
"""

from collections.abc import Callable

from surestock.commerce.errors import CommerceError, RateLimited, Unavailable
from surestock.mirror.config import MirrorConfig

_UNREACHED_IN_A_ROW = 3


class Healing:
    """Counts failures: of each user's cart, and of the platform as a whole."""

    def __init__(self, config: MirrorConfig, monotonic: Callable[[], float]) -> None:
        self._config = config
        self._monotonic = monotonic
        self._failures: dict[str, int] = {}
        self._unreached = 0
        self.quiet_until = float("-inf")

    def __len__(self) -> int:
        """Return how many users' carts are to be healed."""
        return len(self._failures)

    def failed(self, user_id: str, error: CommerceError | None = None) -> float:
        """Take note of a failure; return when the user's cart is to be tried again.

        ``error`` is the platform's, if it was to blame.
        """
        failures = self._failures.setdefault(user_id, 0)
        if isinstance(error, Unavailable | RateLimited):
            wait_s = max(self._config.heal_s, error.retry_after_s)
            self._unreached += 1
            if self._unreached >= _UNREACHED_IN_A_ROW:
                quiet_s = min(error.retry_after_s, self._config.heal_most_s)
                self.quiet_until = max(self.quiet_until, self._monotonic() + quiet_s)
            return self._monotonic() + wait_s
        if error is not None:
            self.answered()
        self._failures[user_id] = failures + 1
        # The doubling is cut off before the power, which would grow without end.
        doubled: int = 2 ** min(failures, 30)
        return self._monotonic() + min(self._config.heal_s * doubled, self._config.heal_most_s)

    def succeeded(self, user_id: str) -> None:
        """Take note that the platform's cart is as ours is."""
        self._failures.pop(user_id, None)

    def forget(self, user_id: str) -> None:
        """Forget a user of whom there is nothing to heal."""
        self._failures.pop(user_id, None)

    def answered(self) -> None:
        """Take note that the platform is there."""
        self._unreached = 0
        self.quiet_until = float("-inf")
