"""Processes that keep the same carts at one platform, each with a mirror and locks of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from surestock.cart.model import ExternalContext
from surestock.commerce.port import RemoteCart
from surestock.mirror import MirrorConfig, Mirrors, UserQueue
from surestock.telemetry.log import make_log
from tests.mirror.kernel import Kernel, KernelLocks
from tests.mirror.platform import FakePlatform, Fault
from tests.mirror.shop import Shop

SHARED = MirrorConfig(look_s=1.0, left_s=2.0, heal_most_s=20.0)


class OneToken(FakePlatform):
    """Opens a cart by the same token for ever, so that its context tells nothing of who used it."""

    def _check(self, cart_id: str, context: ExternalContext) -> None:
        newest = self.carts.get(cart_id)
        told = {} if newest is None else {"token": str(newest.token)}
        super()._check(cart_id, ExternalContext(context.provider, cart_id, told))

    def _end(self, cart_id: str, fault: Fault | None) -> RemoteCart:
        told = super()._end(cart_id, fault)
        return RemoteCart(ExternalContext(self.name, cart_id), told.lines, told.currency)


class Member:
    """A process of a shop that is kept by several."""

    def __init__(self, shop: Shop, kernel: Kernel, config: MirrorConfig = SHARED) -> None:
        self._shop = shop
        self._kernel = kernel
        self._config = config
        self.start()

    def start(self) -> None:
        """Begin, and remember nothing."""
        shop = self._shop
        self.locks: KernelLocks = self._kernel.locks()
        log = make_log(lambda _: None, shop.clock, "info")
        self.mirrors = Mirrors(
            shop.desk, shop.platform, UserQueue(9, self.locks), shop.clock, log, self._config
        )
        self._task = asyncio.ensure_future(self.mirrors.run())

    async def die(self) -> None:
        """End at once, wherever it is."""
        self.locks.die()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def members(
    shop: Shop, config: MirrorConfig = SHARED, number: int = 2
) -> AsyncIterator[list[Member]]:
    """Open the shop, and run so many for the length of the block."""
    await shop.open()
    kernel = Kernel()
    made = [Member(shop, kernel, config) for _ in range(number)]
    await asyncio.sleep(0.1)
    try:
        yield made
    finally:
        for member in made:
            await member.die()
