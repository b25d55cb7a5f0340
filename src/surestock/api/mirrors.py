"""The commerce platform's carts of ours: the port to what keeps them up."""

from datetime import datetime
from typing import Protocol

from surestock.cart.model import Cart, ExternalContext


class Mirrors(Protocol):
    """Brings the platform's carts up to ours, in the background or at once."""

    def changed(self, user_id: str) -> None:
        """Take note that a cart changed, so that its mirror has to."""
        ...

    def seen(self, user_id: str) -> None:
        """Take note that the user looked at the cart."""
        ...

    def accessed_at(self, cart: Cart) -> datetime:
        """Return when the user looked last, as far as anybody knows."""
        ...

    def forget(self, user_id: str, context: ExternalContext | None) -> None:
        """Take note that there is no cart any more; ``context`` is where the platform had it."""
        ...

    async def sync(self, user_id: str, actor: str, request_id: str) -> Cart:
        """Take over today's prices, bring the platform's cart up to ours, and return ours.

        Raises ``NotFound``, ``SyncFailed``, ``QueueFull``, or a refusal of the cart.
        """
        ...
