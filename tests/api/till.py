"""The application over the real mirror and desk, before a platform that does as it is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from surestock.checkout.config import CheckoutConfig
from surestock.commerce.providers.simulated.script import Script
from surestock.inventory.central import Central
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Engine
from tests.api.desk import Api
from tests.checkout.shop import TestShop

CART = "/carts/ann"
ITEMS = f"{CART}/items"
CHECKOUT = f"{CART}/checkout"


@dataclass
class Till:
    """An application, and what stands behind it."""

    api: Api
    shop: TestShop

    @property
    def script(self) -> Script:
        """Where the platform is told what to do wrong."""
        return self.shop.provider.script

    async def fill(self, qty: int = 1) -> None:
        """Put a phone, which is counted, and a plan, which is not, into the cart."""
        for sku, count in (("phone", qty), ("plan", 1)):
            answer = await self.api.post(ITEMS, {"sku": sku, "qty": count})
            assert answer.status_code == 200, answer.text


@asynccontextmanager
async def open_till(
    engine: Engine, central: Central, clock: ManualClock, checkout: CheckoutConfig | None = None
) -> AsyncIterator[Till]:
    """Open a shop that has ten phones at 499.00 euro, and plans."""
    shop = TestShop(engine, clock=clock, checkout=checkout)
    await shop.stock_up()
    built = Api(engine, clock, central, mirrors=shop.mirrors, checkouts=shop.desk)
    async with shop.at_work(), built.client:
        yield Till(built, shop)
