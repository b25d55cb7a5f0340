"""The keys of clients that asked for a checkout which somebody else began.

What they are told in the end is recorded for each key: sent again when the user has another cart,
it still tells of the order that it was told of, and buys nothing.
"""

from surestock.cart.commands import RepeatCheckout
from surestock.cart.model import CheckoutKey
from surestock.checkout.shop import Shop
from surestock.checkout.verdict import REPEATABLE
from surestock.idempotency import IdempotencyConflict, IdempotencyKey
from surestock.inventory.unavailable import Overloaded
from surestock.kit.errors import Refusal

_MOST_OF_A_USER = 256


class Joined:
    """Keys by user, kept for as long as the checkout has no end: in memory, and within a bound."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, IdempotencyKey]] = {}

    def __len__(self) -> int:
        """Return of how many users keys are kept."""
        return len(self._keys)

    def note(self, user_id: str, key: IdempotencyKey) -> None:
        """Keep a key. Raises ``IdempotencyConflict`` when it came with another payload before."""
        keys = self._keys.setdefault(user_id, {})
        known = keys.setdefault(key.digest, key)
        if known.fingerprint != key.fingerprint:
            raise IdempotencyConflict(key.key)
        if len(keys) > _MOST_OF_A_USER:
            del keys[key.digest]
            raise Overloaded("Too many requests wait for this checkout. Try again in a moment.")

    def leave(self, user_id: str, key: IdempotencyKey) -> None:
        """Forget a key that was told something else."""
        keys = self._keys.get(user_id, {})
        keys.pop(key.digest, None)
        if not keys:
            self.forget(user_id)

    def forget(self, user_id: str) -> None:
        """Forget the keys of a user: nothing was begun that they could be told of."""
        self._keys.pop(user_id, None)

    async def settle(self, shop: Shop, user_id: str) -> None:
        """Record the end of the user's checkout for each key, if it has had one.

        The caller has the user's turn. Raises what the engine raises when it cannot record.
        """
        if user_id not in self._keys:
            return
        checkout = await shop.find_checkout(user_id)
        if checkout is not None and checkout.is_open:
            return
        failure = None if checkout is None else checkout.failure
        if checkout is None or (failure is not None and failure.code in REPEATABLE):
            self.forget(user_id)
            return
        asked = None if checkout.ask is None else checkout.ask.digest
        command = RepeatCheckout(user_id, checkout.attempt.attempt_id)
        # More may join while the record of another becomes durable.
        while keys := self._keys.pop(user_id, None):
            for key in keys.values():
                if key.digest != asked:
                    await self._tell(shop, command, key)

    async def _tell(self, shop: Shop, command: RepeatCheckout, key: IdempotencyKey) -> None:
        asked = CheckoutKey(key.key, key.digest, key.fingerprint)
        try:
            await shop.record(command, ask=asked)
        except Refusal as refusal:
            shop.log.info("a key was answered otherwise before", why=str(refusal))
