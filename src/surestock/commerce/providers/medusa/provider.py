"""The port's verbs over Medusa."""

from surestock.cart.model import ExternalContext
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.commerce.providers.medusa.carts import NAME, Carts, remote_cart
from surestock.commerce.providers.medusa.catalog import Catalog
from surestock.commerce.providers.medusa.completion import Completion
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.orders import Orders
from surestock.commerce.providers.medusa.preparation import Preparation
from surestock.commerce.providers.medusa.store import Store
from surestock.kit.clock import Clock


class MedusaProvider:
    """A shop on Medusa 2. The context is the cart's id, which alone opens it."""

    name = NAME

    def __init__(self, config: MedusaConfig, _: Clock) -> None:
        self.capabilities = Capabilities(
            idempotent_place=True, stock="all_or_nothing", settles_s=config.settles_s
        )
        self._store = Store(config)
        catalog = Catalog(self._store, config)
        self._carts = Carts(self._store, catalog)
        self._preparation = Preparation(self._store, config)
        self._orders = Orders(self._store, Completion(self._store, catalog))

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:
        """Make an empty cart in a region of the currency."""
        return remote_cart(await self._carts.open(currency, reference))

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        """Return the cart."""
        return remote_cart(await self._carts.get(context.external_cart_id))

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        """Let the cart hold so many. ``line`` is not relied on: the cart is read anyway."""
        del line
        return remote_cart(await self._carts.hold(context.external_cart_id, item))

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take the lines of the SKU out."""
        return remote_cart(await self._carts.remove(context.external_cart_id, line.sku))

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        """Set buyer, address, way of sending and payment, and write the attempt's id on the cart.

        ``payment.method`` is the id of one of Medusa's payment providers (``pp_…``), and
        ``payment.token`` is given to it as ``token``.
        """
        return remote_cart(await self._preparation.prepare(context.external_cart_id, request))

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        """Complete the cart. An order that is not paid comes back as ``pending``, never ``placed``.

        The cart must have been prepared for this very attempt. Otherwise whoever completes a cart
        that was completed under another attempt would be handed that one's order.
        """
        return await self._orders.place(context.external_cart_id, request.attempt_id)

    async def find_order(self, context: ExternalContext, attempt_id: str) -> PlacedOrder | None:
        """Return the order of an attempt.

        With a secret key it only reads: the orders that the cart's customer made since the cart was
        opened, for one that bears the attempt's id.

        Without one no order can be looked up that way, and the only call of the Store API that
        tells which order a cart became is to complete it again. That is done only when the cart
        bears this attempt's id and says that it was completed: then somebody did ask for the order
        under this attempt, since a completed cart takes no other id any more, and Medusa answers
        with it. Should the payment be refused between the two calls, and the first completion be
        undone, then the second one is a second try at the same attempt: still one order at the
        most, and the one that was asked for. A cart that was never completed, or not under this
        attempt, is left alone.

        Raises ``CartExpired`` when the cart is not there any more: Medusa throws none away, so that
        says nothing of the order.
        """
        return await self._orders.find(context.external_cart_id, attempt_id)

    async def close_cart(self, context: ExternalContext) -> None:
        """Leave the cart where it is: the Store API can't delete one, and it holds no stock."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._store.aclose()
