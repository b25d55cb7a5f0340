"""What was last heard of the platform's carts, and of users, in bounded memory.

A sync need not read the platform's cart when its last answer is fresh. And an answer may renew what
opens the cart: until that is recorded, it is known here only.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from surestock.cart.model import Cart, ExternalContext
from surestock.commerce.port import RemoteCart


class _Heard(Struct, frozen=True):
    """An answer about a cart of ours. ``recorded`` is the context that our cart had by then."""

    cart_id: str
    recorded: ExternalContext | None
    remote: RemoteCart
    believed_until: float


class RemoteMemory:
    """The last answers about up to ``most`` users' carts; each is believed for ``trust_s``."""

    def __init__(self, most: int, trust_s: float, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._trust_s = trust_s
        self._monotonic = monotonic
        self._heard: OrderedDict[str, _Heard] = OrderedDict()

    def __len__(self) -> int:
        return len(self._heard)

    def learn(self, cart: Cart, remote: RemoteCart) -> None:
        """Note an answer in the middle of a sync. Its context is good; its lines are under way."""
        self._put(cart, remote, float("-inf"))

    def believe(self, cart: Cart, remote: RemoteCart) -> None:
        """Note the last answer of a sync that came to its end."""
        self._put(cart, remote, self._monotonic() + self._trust_s)

    def doubt(self, cart: Cart) -> None:
        """Let nobody believe in the lines any more: something is about to change them."""
        heard = self._of(cart)
        if heard is not None:
            self._heard[cart.user_id] = replace(heard, believed_until=float("-inf"))

    def find(self, cart: Cart) -> RemoteCart | None:
        """Return the platform's cart if it was heard of not long ago, else None."""
        heard = self._of(cart)
        if heard is None or heard.believed_until <= self._monotonic():
            return None
        return heard.remote

    def context_of(self, cart: Cart) -> ExternalContext | None:
        """Return the newest context of the platform's cart: as it was heard, else as recorded."""
        heard = self._of(cart)
        return cart.mirror.context if heard is None else heard.remote.context

    def renewed(self, user_id: str, context: ExternalContext) -> ExternalContext:
        """Return ``context`` as it was heard of last: what opens the same cart by now."""
        heard = self._heard.get(user_id)
        if heard is None:
            return context
        newest = heard.remote.context
        return newest if newest.external_cart_id == context.external_cart_id else context

    def forget(self, user_id: str) -> None:
        """Forget what was heard of a user's cart."""
        self._heard.pop(user_id, None)

    def _of(self, cart: Cart) -> _Heard | None:
        heard = self._heard.get(cart.user_id)
        if heard is None or heard.cart_id != cart.cart_id:
            return None
        # A context that is neither came from somebody else, and later.
        if cart.mirror.context not in (heard.recorded, heard.remote.context):
            return None
        return heard

    def _put(self, cart: Cart, remote: RemoteCart, believed_until: float) -> None:
        self._heard[cart.user_id] = _Heard(
            cart.cart_id, cart.mirror.context, remote, believed_until
        )
        self._heard.move_to_end(cart.user_id)
        if len(self._heard) > self._most:
            self._heard.popitem(last=False)


class Looks:
    """When users last looked at their carts: a read writes nothing, so it is known here only.

    Of more than ``most`` users, those who looked longest ago are forgotten.
    """

    def __init__(self, most: int, now: Callable[[], datetime]) -> None:
        self._most = most
        self._now = now
        self._at: OrderedDict[str, datetime] = OrderedDict()

    def __len__(self) -> int:
        return len(self._at)

    def note(self, user_id: str) -> None:
        """Note that the user looks now."""
        self._at[user_id] = self._now()
        self._at.move_to_end(user_id)
        if len(self._at) > self._most:
            self._at.popitem(last=False)

    def after(self, cart: Cart) -> datetime | None:
        """Return when the user looked last, if that is later than what the cart tells."""
        at = self._at.get(cart.user_id)
        return at if at is not None and at > cart.accessed_at else None
