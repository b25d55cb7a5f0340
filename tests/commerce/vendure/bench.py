"""The shop as the conformance checks want it: things to sell, and the means to misbehave."""

from dataclasses import dataclass, field

import msgspec

from surestock.cart.model import ExternalContext
from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.port import Address, Customer, OrderRequest, Payment, WantedItem
from surestock.commerce.providers.vendure import PLATFORM
from surestock.commerce.providers.vendure.provider import VendureProvider
from surestock.kit.clock import SystemClock
from tests.commerce.vendure.shop import (
    CURRENCY,
    PRODUCTS,
    SCARCE,
    SHIPPING,
    TAX_PERCENT,
    Shop,
    Sold,
)

CUSTOMER = Customer("buyer@example.org", "Grace", "Buyer")
ADDRESS = Address("Side Street 2", "Hamburg", "20095", "DE", line2="2nd floor", region="HH")


def article(sold: Sold, prices: str = "gross") -> WantedItem:
    """Return one of a product, at the shop's price."""
    price = sold.price * (100 + TAX_PERCENT) // 100 if prices == "gross" else sold.price
    return WantedItem(sold.sku, 1, price, sold.name, "device")


def provider(shop: Shop, **more: object) -> VendureProvider:
    """Return a provider made from the bytes of a configuration file."""
    config = msgspec.json.decode(shop.config(**more), type=PLATFORM.config)
    made = PLATFORM.make(config, SystemClock())
    assert isinstance(made, VendureProvider)
    return made


@dataclass
class VendureLab:
    """Satisfies :class:`surestock.commerce.conformance.lab.Lab`."""

    shop: Shop
    currency: str = CURRENCY
    articles: tuple[WantedItem, ...] = tuple(article(sold) for sold in PRODUCTS[:3])
    provider: VendureProvider = field(init=False)

    def __post_init__(self) -> None:
        self.provider = provider(self.shop)
        self._made = [self.provider]

    async def aclose(self) -> None:
        for made in self._made:
            await made.aclose()

    def restarted(self) -> VendureProvider:
        self._made.append(provider(self.shop))
        return self._made[-1]

    def request(self, attempt_id: str, subtotal: int, page: str = "ok") -> OrderRequest:
        """Return a request to pay with what the payment page gave: see server/config.js."""
        payment = Payment(token=page)
        return OrderRequest(attempt_id, CURRENCY, subtotal, CUSTOMER, ADDRESS, payment)

    def declined(self, attempt_id: str, subtotal: int) -> OrderRequest:
        return self.request(attempt_id, subtotal, "decline")

    def total(self, subtotal: int) -> int:
        return subtotal + SHIPPING

    async def expire(self, context: ExternalContext) -> None:
        self.shop.ask("expire", context.external_cart_id)

    async def scarce(self) -> tuple[WantedItem, int]:
        return article(SCARCE), SCARCE.stock

    async def lose_next_answer(self) -> None:
        self.shop.ask("lose-next")

    async def settle(self) -> None:
        self.shop.ask("settle")

    async def count_orders(self, attempt_id: str) -> int:
        """Count payments: an order that is paid twice is one too many."""
        ((count,),) = self.shop.rows(
            "SELECT count(*) FROM payment WHERE state IN ('Authorized', 'Settled')"  # noqa: S608
            f" AND metadata::jsonb ->> 'reference' = '{attempt_id}'"
        )
        return int(count or 0)

    def orders_of(self, attempt_id: str) -> int:
        """Count the orders that hold the attempt's id, placed or not."""
        ((count,),) = self.shop.rows(
            f"""SELECT count(*) FROM "order" WHERE "customFieldsExternalkey" = '{attempt_id}'"""  # noqa: S608
        )
        return int(count or 0)

    async def shopper(self, quantities: dict[int, int]) -> Shopper:
        """Return somebody whose cart holds so many of the articles of these indexes."""
        return await Shopper.enter(self, quantities)
