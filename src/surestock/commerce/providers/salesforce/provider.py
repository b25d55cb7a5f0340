"""The provider: the port's verbs, each as one visit of the cart's guest to the shop."""

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import CartExpired, Conflict
from surestock.commerce.http import Http, HttpConfig
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.commerce.providers.salesforce import baskets, checkout, orders
from surestock.commerce.providers.salesforce.config import SalesforceConfig
from surestock.commerce.providers.salesforce.slas import Slas
from surestock.commerce.providers.salesforce.visit import NAME, Shop
from surestock.kit.clock import Clock

_LONG_ENOUGH_TO_PLACE_S = 600


class SalesforceProvider:
    """Carts as baskets of guests.

    ``idempotent_place`` is not claimed: a repeat does not find the basket, but that is documented
    and not measured. ``settles_s`` is None unless the configuration says better: an order that is
    not in the guest's list may still be on its way, and no description bounds that.
    """

    name = NAME

    def __init__(self, config: SalesforceConfig, clock: Clock) -> None:
        self.capabilities = Capabilities(
            idempotent_place=False, stock="all_or_nothing", settles_s=config.settles_s
        )
        self._http = Http(
            HttpConfig(
                base_url=config.base_url,
                read_s=config.answer_s,
                total_s=config.answer_s + 1,
                most_connections=config.most_connections,
            )
        )
        self._shop = Shop(self._http, config, Slas(self._http, config, clock))

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:
        """Make an empty basket, of a guest of its own."""
        return await baskets.open_basket(self._shop, currency, reference)

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        """Return the basket as it is."""
        return await baskets.read_basket(await self._shop.come_back(context))

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        """Let the basket hold ``item.qty`` of the product whose id is the SKU."""
        visit = await self._shop.come_back(context)
        if line is None:
            return await baskets.add(visit, item)
        return await baskets.set_line(visit, line, item.qty)

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take a line out; one that is gone already is no error."""
        return await baskets.remove(await self._shop.come_back(context), line)

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        """Set attempt, customer, address, shipping method and payment.

        The tokens that it gives back last for placing, which can give none back.
        """
        visit = await self._shop.come_back(context, _LONG_ENOUGH_TO_PLACE_S)
        return await checkout.prepare(visit, request)

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        """Order the basket, which carries the attempt since it was prepared."""
        return await orders.place(await self._shop.come_back(context), request.attempt_id)

    async def find_order(self, context: ExternalContext, attempt_id: str) -> PlacedOrder | None:
        """Return the order of an attempt, if the guest's list of orders has it by now.

        Raises ``Conflict`` when the platform takes the guest for somebody else by now: that list
        would be empty, and say nothing.
        """
        try:
            return await orders.find(await self._shop.come_back(context), attempt_id)
        except CartExpired as error:
            raise Conflict(
                "The commerce platform shows this shopper no orders any more."
            ) from error

    async def close_cart(self, context: ExternalContext) -> None:
        """Delete the basket, if it is there."""
        try:
            await baskets.close(await self._shop.come_back(context))
        except CartExpired:
            return

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()


def make(config: SalesforceConfig, clock: Clock) -> SalesforceProvider:
    """Return a provider. It connects when it has something to send."""
    return SalesforceProvider(config, clock)
