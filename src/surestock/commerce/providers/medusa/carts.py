"""Carts: opened, read and filled.

Adding a variant adds to the line that it has, so whether it has one is looked up before every
change, and the quantity is looked at after it.
"""

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import Conflict, ItemNotFound
from surestock.commerce.money import to_minor
from surestock.commerce.port import RemoteCart, RemoteLine, WantedItem
from surestock.commerce.providers.medusa.catalog import Catalog
from surestock.commerce.providers.medusa.refusal import expired
from surestock.commerce.providers.medusa.shapes import CART_FIELDS, Cart, CartAnswer, Item
from surestock.commerce.providers.medusa.store import Store, cart_path, line_path

NAME = "medusa"
_REFERENCE = "surestock_cart"


class Carts:
    """Reads and fills carts. A cart that has become an order is none any more."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    async def open(self, currency: str, reference: str) -> Cart:
        """Make a cart. When the answer gets lost, an empty one stays there."""
        region = await self._catalog.region(currency)
        body = {"region_id": region, "metadata": {_REFERENCE: reference}}
        cart = (await self._store.post("/carts", body, CartAnswer, CART_FIELDS)).cart
        if cart.currency_code.upper() != currency:
            raise Conflict(f"The region that is configured for {currency} has another currency.")
        return cart

    async def get(self, cart_id: str) -> Cart:
        """Return a cart. Raises ``CartExpired`` also for one that was completed."""
        cart = await self._store.cart(cart_id)
        if cart.completed_at is not None:
            raise expired()
        return cart

    async def hold(self, cart_id: str, item: WantedItem) -> Cart:
        """Let the cart hold so many of a SKU, in one line."""
        cart = await self.get(cart_id)
        lines = lines_of(cart, item.sku)
        if not lines:
            cart = await self._add(cart, item)
            lines = lines_of(cart, item.sku)
        if lines and lines[0].quantity != item.qty:
            path = line_path(cart_id, lines[0].id)
            cart = await self._store.change_cart(path, {"quantity": item.qty}, item.sku)
        for line in lines[1:]:
            cart = await self._store.remove_line(cart_id, line.id)
        return cart

    async def _add(self, cart: Cart, item: WantedItem) -> Cart:
        variant = await self._catalog.variant(item.sku)
        body = {"variant_id": variant, "quantity": item.qty}
        try:
            path = f"{cart_path(cart.id)}/line-items"
            return await self._store.change_cart(path, body, item.sku)
        except ItemNotFound:
            self._catalog.forget(item.sku)
            raise

    async def remove(self, cart_id: str, sku: str) -> Cart:
        """Take out every line of a SKU."""
        cart = await self.get(cart_id)
        for line in lines_of(cart, sku):
            cart = await self._store.remove_line(cart_id, line.id)
        return cart


def lines_of(cart: Cart, sku: str) -> list[Item]:
    """Return the lines of a SKU, as a rule one at the most."""
    return [item for item in cart.items if item.variant_sku == sku]


def remote_cart(cart: Cart) -> RemoteCart:
    """Return a cart in the words of the port. Raises ``BadAnswer``.

    ``total`` is all that Medusa asks for: with taxes, with the way it is sent.
    """
    currency = cart.currency_code.upper()
    lines: dict[str, RemoteLine] = {}
    for item in cart.items:
        sku = item.variant_sku or item.id
        before = lines.get(sku)
        qty = item.quantity if before is None else item.quantity + before.qty
        line_id = item.id if before is None else before.line_id
        lines[sku] = RemoteLine(line_id, sku, qty, to_minor(item.unit_price, currency))
    return RemoteCart(
        context=ExternalContext(provider=NAME, external_cart_id=cart.id),
        lines=tuple(lines.values()),
        currency=currency,
        total=to_minor(cart.total, currency),
    )
