"""How a user's cart and checkout stood when somebody asked to buy: that is what he means.

Until he has the user's turn, another process, the recovery or a person may have brought the
checkout that he met to its end, or one more. Its end is his then: he buys nothing more by it.
"""

from msgspec import Struct

from surestock.cart.model import Checkout
from surestock.checkout.shop import Shop
from surestock.inventory.refusals import NotFound


class Standing(Struct, frozen=True):
    """``cart_id`` is the cart that was there, ``ended`` the attempt that had had its end."""

    cart_id: str | None = None
    ended: str | None = None

    def is_before_end_of(self, checkout: Checkout) -> bool:
        """Tell whether the checkout has ended since."""
        return not checkout.is_open and checkout.attempt.attempt_id != self.ended

    def check_same_cart(self, checkout: Checkout) -> None:
        """Raise ``NotFound`` when a checkout that was met since is about another cart."""
        if self.cart_id not in {None, checkout.cart_id}:
            raise NotFound(f"cart {self.cart_id} of user {checkout.user_id}")


async def standing_of(shop: Shop, user_id: str) -> Standing:
    """Return how it stands now."""
    # The cart first: of one that is bought between the two, the end is known then.
    cart = await shop.find_cart(user_id)
    checkout = await shop.find_checkout(user_id)
    has_ended = checkout is not None and not checkout.is_open
    return Standing(
        None if cart is None else cart.cart_id,
        checkout.attempt.attempt_id if checkout is not None and has_ended else None,
    )
