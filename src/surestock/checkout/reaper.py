"""What is let go of, now and then: idle carts, bought carts, ended checkouts.

A checkout without an end is none of these, whatever its age: it is told about, and asked about.
"""

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta

from surestock.cart.commands import DropCart, ForgetCheckout
from surestock.cart.model import Cart, Checkout
from surestock.checkout.recovery import Recovery
from surestock.checkout.shop import Shop
from surestock.checkout.steps.clean import clean
from surestock.inventory.document import Document
from surestock.kit.errors import Refusal, Unavailable
from surestock.ledger.command import Command

_PAGE = 200


class Reaper:
    """Comes by every ``reap_s`` of the configuration."""

    def __init__(self, shop: Shop, recovery: Recovery) -> None:
        self._shop = shop
        self._recovery = recovery

    async def run(self) -> None:
        """Sweep, again and again, until cancelled."""
        while True:
            await self._shop.sleep(self._shop.config.reap_s)
            await self.sweep()

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
        after = ""
        while page := await self._shop.engine.list_documents(kind, after, _PAGE):
            for document in page:
                yield document
            after = page[-1].key[1]
            await self._shop.sleep(0)

    async def _tried(self, look: Awaitable[int]) -> int:
        try:
            return await look
        except (Refusal, Unavailable) as error:
            self._shop.log.info("something is left to the next sweep", why=str(error))
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
            async with self._shop.queue.turn(user_id):
                await clean(self._shop, checkout)
            kept_s = config.completed_s
        else:
            kept_s = config.failed_s
        if self._is_over(checkout.ended_at or checkout.attempt.started_at, kept_s):
            await self._forget(checkout)
        return 0

    async def _forget(self, checkout: Checkout) -> None:
        """Let go of an ended checkout, unless it knows of attempts that may still turn up."""
        cart = await self._shop.find_cart(checkout.user_id)
        if checkout.absent and cart is not None and cart.cart_id == checkout.cart_id:
            return
        command = ForgetCheckout(checkout.user_id, checkout.attempt.attempt_id)
        await self._record(checkout.user_id, command)

    async def _look_at_cart(self, cart: Cart) -> int:
        if not self._is_over(self._shop.mirrors.accessed_at(cart), self._shop.config.idle_s):
            return 0
        await self._record(cart.user_id, DropCart(cart.user_id, None, cart.cart_id))
        self._shop.figures.dropped_carts += 1
        if cart.mirror.context is not None:
            self._shop.mirrors.forget(cart.user_id, cart.mirror.context)
        return 0

    async def _record(self, user_id: str, command: Command) -> None:
        async with self._shop.queue.turn(user_id):
            await self._shop.record(command, request_id="reaper")

    def _is_over(self, since: datetime, seconds: float) -> bool:
        return self._shop.clock.now() - since >= timedelta(seconds=seconds)
