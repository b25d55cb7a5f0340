"""Somebody who fills a cart through a provider, and goes by the newest context, as one must."""

from collections.abc import Mapping

import msgspec
from msgspec import structs

from surestock.cart.model import ExternalContext
from surestock.commerce.conformance.lab import Lab
from surestock.commerce.port import (
    CommerceProvider,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.kit.ids import IdSource

_IDS = IdSource()
UNKNOWN_SKU = "no-such-article"


def new_attempt() -> str:
    """Return an attempt id that no platform has heard of."""
    return f"att-{_IDS.next()}"


class Shopper:
    """Holds one cart. ``cart`` is what the provider gave back last."""

    def __init__(self, lab: Lab, provider: CommerceProvider, cart: RemoteCart) -> None:
        self._lab = lab
        self.provider = provider
        self.cart = cart

    @classmethod
    async def enter(cls, lab: Lab, quantities: Mapping[int, int] | None = None) -> "Shopper":
        """Open a cart, with so many of the articles of these indexes."""
        cart = await lab.provider.open_cart(lab.currency, f"cart-{_IDS.next()}")
        shopper = cls(lab, lab.provider, cart)
        for index, qty in (quantities or {}).items():
            await shopper.hold(lab.articles[index], qty)
        return shopper

    @property
    def context(self) -> ExternalContext:
        """Where the cart is, as it comes out of our log: through JSON."""
        return msgspec.json.decode(msgspec.json.encode(self.cart.context), type=ExternalContext)

    @property
    def quantities(self) -> dict[str, int]:
        """Of each SKU in the cart, how many."""
        return {line.sku: line.qty for line in self.cart.lines}

    @property
    def subtotal(self) -> int:
        """What its articles come to, by the lab's prices."""
        price = {article.sku: article.unit_price for article in self._lab.articles}
        return sum(price[sku] * qty for sku, qty in self.quantities.items())

    def find_line(self, sku: str) -> RemoteLine | None:
        """Return the line of a SKU."""
        return next((line for line in self.cart.lines if line.sku == sku), None)

    async def hold(self, article: WantedItem, qty: int) -> None:
        """Let the cart hold so many of an article."""
        item = structs.replace(article, qty=qty)
        line = self.find_line(article.sku)
        self.cart = await self.provider.set_quantity(self.context, item, line)

    async def drop(self, line: RemoteLine) -> None:
        """Take a line out."""
        self.cart = await self.provider.remove_item(self.context, line)

    async def look(self) -> None:
        """Read the cart."""
        self.cart = await self.provider.read_cart(self.context)

    def request(self, attempt_id: str) -> OrderRequest:
        """Return the request to order what is in the cart."""
        return self._lab.request(attempt_id, self.subtotal)

    async def order(self, request: OrderRequest) -> PlacedOrder:
        """Prepare the checkout, and place the order."""
        self.cart = await self.provider.prepare_checkout(self.context, request)
        return await self.provider.place_order(self.context, request)

    async def find(self, attempt_id: str) -> PlacedOrder | None:
        """Ask for the order of an attempt, as a process does that knows the context only."""
        provider = self._lab.restarted()
        try:
            return await provider.find_order(self.context, attempt_id)
        finally:
            if provider is not self.provider:
                await provider.aclose()
