"""What a shop sells, what a user wants, and what became of the wish, as immutable values.

Money is whole minor units of a currency (ISO 4217): 1999 with ``EUR`` is 19.99 euro.
"""

from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from msgspec import Struct

from surestock.inventory.document import Document, DocumentKey

MOST_ITEMS = 100
"""Items in a cart: as many as a reservation may have lines."""

MAX_ITEM_QTY = 10_000
MAX_UNIT_PRICE = 1_000_000_000
"""With the two above, no sum of a cart leaves the integers that every JSON reader keeps exact."""

ProductType: TypeAlias = Literal["device", "plan", "addon", "accessory"]
SyncState: TypeAlias = Literal["pending", "synced", "failed"]
CheckoutStatus: TypeAlias = Literal["in_progress", "unknown", "completed", "failed"]


class Product(Document, frozen=True, tag="product"):
    """An entry of the catalog, with the price of record. Only what is ``stocked`` touches stock."""

    KIND: ClassVar[str] = "#product"

    sku: str
    name: str
    type: ProductType
    unit_price: int
    currency: str
    stocked: bool
    version: int
    updated_at: datetime

    @property
    def key(self) -> DocumentKey:
        """What it is kept under."""
        return (self.KIND, self.sku)


class Item(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A product in a cart, with the price that the user was shown.

    ``store_id`` is where it is taken from when it is ``stocked``.
    """

    sku: str
    name: str
    type: ProductType
    qty: int
    unit_price: int
    stocked: bool = False
    store_id: str | None = None

    @property
    def line_total(self) -> int:
        """What the item costs, in minor units."""
        return self.qty * self.unit_price


class ExternalContext(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Where the platform has its cart of ours. ``secrets`` open it: nobody is shown them."""

    provider: str
    external_cart_id: str
    secrets: dict[str, str] = {}

    def __repr__(self) -> str:
        """Show it without what opens it: this ends up in messages."""
        return f"ExternalContext({self.provider!r}, {self.external_cart_id!r}, …)"


class Mirror(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How the platform's cart stands to ours.

    ``synced_version`` is the version of ours that it had last; ``error`` is why it has none that
    is newer.
    """

    state: SyncState = "pending"
    context: ExternalContext | None = None
    synced_version: int = 0
    synced_at: datetime | None = None
    error: str | None = None


class Cart(Document, frozen=True, tag="cart"):
    """What a user wants, before it is bought. A user has at most one.

    ``version`` counts the records that changed the items. ``items`` are in the order in which they
    came, each SKU once.
    """

    KIND: ClassVar[str] = "#cart"

    user_id: str
    cart_id: str
    currency: str
    items: tuple[Item, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    accessed_at: datetime
    mirror: Mirror = Mirror()

    @property
    def key(self) -> DocumentKey:
        """What it is kept under."""
        return (self.KIND, self.user_id)

    @property
    def subtotal(self) -> int:
        """What all items cost, in minor units."""
        return sum(item.line_total for item in self.items)


class Order(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the platform made of an attempt. Its total may hold taxes and shipping."""

    order_id: str
    order_number: str
    total: int
    currency: str


class Failure(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Why a checkout failed: a stable code, a sentence, and members that a client can use.

    They are JSON, and told as they are. ``request_id`` is the request that was told of it first:
    whoever is told again, is told the same.
    """

    code: str
    message: str
    members: dict[str, Any] | None = None
    request_id: str | None = None


class CheckoutKey(Struct, frozen=True, gc=False, rename="camel"):
    """The idempotency key that a checkout was asked for with: its digest and fingerprint."""

    key: str
    digest: str
    fingerprint: str


class Attempt(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One try to place a cart's order. ``attempt_id`` also names the reservation of its stock.

    ``context`` is where the order was to be placed, from the moment that it was about to be.
    ``version`` is that of the cart that it is to buy.
    """

    attempt_id: str
    started_at: datetime
    reserved: bool = False
    context: ExternalContext | None = None
    placing_at: datetime | None = None
    version: int = 0


class Checkout(Document, frozen=True, tag="checkout"):
    """What is known of a user's current or last checkout.

    ``absent`` are earlier attempts for the same cart that were given up because the platform knew
    of no order: should it know of one by now, that one counts.
    """

    KIND: ClassVar[str] = "#checkout"

    user_id: str
    cart_id: str
    status: CheckoutStatus
    attempt: Attempt
    items: tuple[Item, ...]
    currency: str
    ask: CheckoutKey | None = None
    ended_at: datetime | None = None
    order: Order | None = None
    failure: Failure | None = None
    why_unknown: str | None = None
    absent: tuple[Attempt, ...] = ()

    @property
    def key(self) -> DocumentKey:
        """What it is kept under."""
        return (self.KIND, self.user_id)

    @property
    def is_open(self) -> bool:
        """Whether its end is not known yet, so that the cart must not change."""
        return self.status in {"in_progress", "unknown"}

    @property
    def subtotal(self) -> int:
        """What all items cost, in minor units."""
        return sum(item.line_total for item in self.items)
