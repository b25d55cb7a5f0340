"""The keys of clients that asked for a checkout which somebody else began.

What they are told in the end is recorded for each key: sent again when the user has another cart,
it still tells of the order that it was told of, and buys nothing.
"""

from typing import TypeAlias

from surestock.cart.commands import RepeatCheckout
from surestock.cart.model import Checkout, CheckoutKey
from surestock.checkout.shop import Shop
from surestock.checkout.verdict import REPEATABLE
from surestock.idempotency import IdempotencyConflict, IdempotencyKey
from surestock.inventory.unavailable import Overloaded
from surestock.kit.errors import Refusal

_MOST_OF_A_RUN = 256

Keys: TypeAlias = dict[str, IdempotencyKey]
"""Keys by their digests."""


def join(keys: Keys, key: IdempotencyKey) -> None:
    """Add a key. Raises ``IdempotencyConflict``, or ``Overloaded`` when there are too many."""
    check_same(keys, key)
    if len(keys) >= _MOST_OF_A_RUN and key.digest not in keys:
        raise Overloaded("Too many requests wait for this checkout. Try again in a moment.")
    keys[key.digest] = key


def check_same(keys: Keys, key: IdempotencyKey) -> None:
    """Raise ``IdempotencyConflict`` when the key is there with another payload."""
    known = keys.get(key.digest, key)
    if known.fingerprint != key.fingerprint:
        raise IdempotencyConflict(key.key)


class Joined:
    """Keys by user, kept for as long as an attempt has no end: in memory, and within a bound.

    So each process keeps those that it was asked with, and records them itself, also when another
    one brought the attempt to its end.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Keys]] = {}

    def __len__(self) -> int:
        """Return of how many users keys are kept."""
        return len(self._kept)

    def check(self, user_id: str, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when the key came with another payload before."""
        if user_id in self._kept:
            check_same(self._kept[user_id][1], key)

    @property
    def users(self) -> list[str]:
        """Of whom keys are kept."""
        return list(self._kept)

    def keeps(self, user_id: str) -> bool:
        """Tell whether keys of the user are kept."""
        return user_id in self._kept

    def keep(self, checkout: Checkout, keys: Keys) -> None:
        """Keep all of ``keys``, which is empty then, until the checkout's attempt has its end."""
        user_id, attempt_id = checkout.user_id, checkout.attempt.attempt_id
        kept_for, kept = self._kept.pop(user_id, ("", {}))
        if kept_for == attempt_id:
            keys.update(kept)
        if keys:
            self._kept[user_id] = (attempt_id, dict(keys))
        keys.clear()

    async def settle(self, shop: Shop, user_id: str, keys: Keys) -> None:
        """Record for each key the end that the user's checkout has had; keep it when there is none.

        The caller has the user's turn. More may come into ``keys`` meanwhile; in the end it is
        empty. Raises what the engine raises when it cannot record: what is left is kept then.
        """
        checkout = await shop.find_checkout(user_id)
        if checkout is None:
            self._kept.pop(user_id, None)
            keys.clear()
            return
        if checkout.is_open:
            self.keep(checkout, keys)
            return
        attempt_id = checkout.attempt.attempt_id
        kept_for, kept = self._kept.pop(user_id, ("", {}))
        if kept_for == attempt_id:
            keys.update(kept)
        failure, asked = checkout.failure, checkout.ask
        is_final = failure is None or failure.code not in REPEATABLE
        try:
            while keys:
                digest, key = next(iter(keys.items()))
                if is_final and (asked is None or digest != asked.digest):
                    await self._tell(shop, RepeatCheckout(user_id, attempt_id), key)
                keys.pop(digest, None)
        except BaseException:
            self.keep(checkout, keys)
            raise

    async def _tell(self, shop: Shop, command: RepeatCheckout, key: IdempotencyKey) -> None:
        asked = CheckoutKey(key.key, key.digest, key.fingerprint)
        try:
            await shop.record(command, ask=asked)
        except Refusal as refusal:
            shop.log.info("a key was answered otherwise before", why=str(refusal))
