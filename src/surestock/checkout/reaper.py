"""What is let go of, now and then: idle carts, bought carts, ended checkouts.

A checkout without an end is none of these, whatever its age: it is told about, and asked about.
Where somebody has the user's turn, in whatever process, nothing of his is swept this time.

Where there are several processes, each of them sweeps: what one let go of, the others do not find.
"""

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta
from functools import partial

from surestock.cart.commands import DropCart, ForgetCheckout
from surestock.cart.model import Cart, Checkout
from surestock.checkout.recovery import Recovery
from surestock.checkout.shop import Shop
from surestock.checkout.steps.clean import clean
from surestock.inventory.document import Document
from surestock.kit.errors import Refusal, Unavailable
from surestock.mirror.pages import Unhurried, pages_of

_REQUEST = "reaper"


class Reaper:
    """Comes by every ``reap_s`` of the configuration."""

    def __init__(self, shop: Shop, recovery: Recovery) -> None:
        self._shop = shop
        self._recovery = recovery

    async def run(self) -> None:
        """Sweep, again and again, until cancelled."""
        while True:
            await self._shop.sleep(self._shop.config.reap_s)
            try:
                await self.sweep()
            except Unavailable as error:
                self._shop.log.info("a sweep is left to the next time", why=str(error))

    async def sweep(self) -> None:
        """Look at every cart and every checkout once.

        One that cannot be dealt with now is left to the next time.
        """
        stuck = 0
        async for found in self._all(Checkout.KIND):
            if isinstance(found, Checkout):
                stuck += await self._tried(self._look_at_checkout(found))
        async for found in self._all(Cart.KIND):
            if isinstance(found, Cart):
                await self._tried(self._look_at_cart(found))
        self._shop.figures.stuck = stuck

    async def _all(self, kind: str) -> AsyncIterator[Document]:
        shop = self._shop
        unhurried = Unhurried(shop.sleep, shop.clock.monotonic)
        rest = unhurried if shop.queue.is_shared else partial(shop.sleep, 0)
        async for page in pages_of(shop.engine, kind, rest):
            for document in page:
                yield document

    async def _tried(self, look: Awaitable[int]) -> int:
        log = self._shop.log
        try:
            return await look
        except (Refusal, Unavailable) as error:
            log.info("something is left to the next sweep", why=str(error))
        except Exception as error:  # noqa: BLE001 - a defect that one meets stops no other's
            tell = log.error
            tell("a sweep came upon a defect", exc_info=error)
        return 0

    async def _look_at_checkout(self, checkout: Checkout) -> int:
        """Return 1 for a checkout that is stuck."""
        config = self._shop.config
        user_id = checkout.user_id
        if checkout.is_open:
            if not self._is_over(checkout.attempt.started_at, config.stuck_s):
                return 0
            self._shop.log.warning(
                "a checkout has no end",
                attempt=checkout.attempt.attempt_id,
                status=checkout.status,
                why=checkout.why_unknown,
            )
            self._recovery.hurry(user_id)
            return 1
        if checkout.status == "completed":
            cart = await self._shop.find_cart(user_id)
            if cart is not None and cart.cart_id == checkout.cart_id:
                async with self._shop.queue.try_turn(user_id) as has_turn:
                    if not has_turn:
                        return 0
                    await clean(self._shop, checkout)
            kept_s = config.completed_s
        else:
            kept_s = config.failed_s
        if self._is_over(checkout.ended_at or checkout.attempt.started_at, kept_s):
            await self._forget(checkout)
        return 0

    async def _forget(self, checkout: Checkout) -> None:
        """Let go of an ended checkout, unless it knows of attempts that may still turn up."""
        user_id = checkout.user_id
        async with self._shop.queue.try_turn(user_id) as has_turn:
            if not has_turn:
                return
            cart = await self._shop.find_cart(user_id)
            if checkout.absent and cart is not None and cart.cart_id == checkout.cart_id:
                return
            command = ForgetCheckout(user_id, checkout.attempt.attempt_id)
            await self._shop.record(command, request_id=_REQUEST)

    async def _look_at_cart(self, cart: Cart) -> int:
        if not self._is_idle(cart):
            return 0
        user_id = cart.user_id
        async with self._shop.queue.try_turn(user_id) as has_turn:
            # Since it was listed, the user may have come back, and a sync been recorded.
            now = await self._shop.find_cart(user_id)
            if not has_turn or now is None or now.cart_id != cart.cart_id:
                return 0
            if not self._is_idle(now):
                return 0
            # A change that comes between the look and the record raises the version.
            command = DropCart(user_id, now.version, now.cart_id)
            await self._shop.record(command, request_id=_REQUEST)
            self._shop.figures.dropped_carts += 1
            self._shop.mirrors.forget(user_id, now.mirror.context)
        return 0

    def _is_idle(self, cart: Cart) -> bool:
        mirrors = self._shop.mirrors
        idle_s = self._shop.config.idle_s + mirrors.untold_s
        return self._is_over(mirrors.accessed_at(cart), idle_s)

    def _is_over(self, since: datetime, seconds: float) -> bool:
        return self._shop.clock.now() - since >= timedelta(seconds=seconds)
