"""The port to a commerce platform: absolute, idempotent verbs over a cart that may vanish.

The cart there is a disposable mirror of ours. Every verb names the whole context, and gives back
the one to use from now on (tokens rotate). Quantities are absolute, so that a verb may be repeated.
Money is whole minor units; a provider whose platform counts otherwise converts, exactly.
"""

from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from surestock.cart.model import ExternalContext

StockRule: TypeAlias = Literal["none", "partial", "all_or_nothing"]
Placement: TypeAlias = Literal["direct", "redirect"]
OrderState: TypeAlias = Literal["placed", "pending", "failed"]


class Capabilities(Struct, frozen=True):
    """What a platform can do.

    ``idempotent_place``: placing again under the same attempt never makes a second order.
    ``stock``: whether it keeps stock, and gives a part of what is asked for.
    ``settles_s``: after so many seconds, an order that ``find_order`` does not find was not placed;
    None when that can never be said. ``in_process``: its carts and orders are in this process's
    memory, so that no other process finds them.
    """

    idempotent_place: bool
    stock: StockRule
    placement: Placement = "direct"
    settles_s: float | None = None
    in_process: bool = False


class WantedItem(Struct, frozen=True):
    """What the platform's cart is to hold: so many of a SKU, at this price each."""

    sku: str
    qty: int
    unit_price: int
    name: str
    type: str


class RemoteLine(Struct, frozen=True):
    """What it holds. ``unit_price`` of None: the platform does not tell."""

    line_id: str
    sku: str
    qty: int
    unit_price: int | None = None


class RemoteCart(Struct, frozen=True):
    """The platform's cart. A SKU stands in one line; a provider sums what stands in several."""

    context: ExternalContext
    lines: tuple[RemoteLine, ...] = ()
    currency: str | None = None
    total: int | None = None


class Customer(Struct, frozen=True, rename="camel"):
    """Who buys."""

    email: str
    first_name: str
    last_name: str


class Address(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Where it goes. ``country`` is ISO 3166-1 alpha-2."""

    line1: str
    city: str
    postal_code: str
    country: str
    line2: str | None = None
    region: str | None = None


class Payment(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How it is paid: a method that the platform knows, and what the payment page gave for it."""

    method: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        """Show it without what pays: this ends up in messages."""
        return f"Payment({self.method!r}, …)"


class OrderRequest(Struct, frozen=True):
    """An order to place. ``attempt_id`` names it at the platform, in whatever way that has.

    ``subtotal`` is what our cart comes to. What is None is the provider's to fill in, by its
    configuration, or to refuse with ``Conflict``.
    """

    attempt_id: str
    currency: str
    subtotal: int
    customer: Customer | None = None
    address: Address | None = None
    payment: Payment | None = None


class PlacedOrder(Struct, frozen=True):
    """An order at the platform. ``placed`` means paid or authorized; ``pending``, neither yet."""

    order_id: str
    order_number: str
    state: OrderState
    total: int
    currency: str


class CommerceProvider(Protocol):
    """A commerce platform. Raises a ``CommerceError`` of :mod:`surestock.commerce.errors`, only.

    Calls for one cart come one after the other; calls for different carts at the same time.
    """

    name: str
    capabilities: Capabilities

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:
        """Make an empty cart. ``reference`` is our cart's id."""
        ...

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        """Return the cart as it is. Raises ``CartExpired`` when it is not there any more."""
        ...

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        """Let the cart hold ``item.qty`` of the SKU. ``line`` is where it stands, if it does."""
        ...

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take a line out; one that is gone already is no error."""
        ...

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        """Set what placing needs: customer, address, shipping, payment. May be repeated."""
        ...

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        """Place the order, once. Never repeated by anybody but a person who asked first.

        ``Unavailable`` and ``RateLimited`` say that it was surely not placed; ``OutcomeUnknown``,
        that nobody knows; every other error, that the platform refused.
        """
        ...

    async def find_order(self, context: ExternalContext, attempt_id: str) -> PlacedOrder | None:
        """Return the order of an attempt; None when the platform knows of none, now."""
        ...

    async def close_cart(self, context: ExternalContext) -> None:
        """Let go of a cart that is not needed any more. Best effort; nothing depends on it."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
