"""The parts of Vendure's answers that are used, and nothing else of them.

Money is whole minor units. Every mutation answers with a union: what was asked for, or an error
result. Both come with HTTP 200.
"""

from typing import Final

from msgspec import Raw, Struct, field

ORDER: Final = "Order"
_VOID_PAYMENTS: Final = frozenset({"Declined", "Error", "Cancelled"})


class Extensions(Struct, frozen=True):
    """What is told of an error besides its message."""

    code: str = ""


class Fault(Struct, frozen=True):
    """An error that GraphQL itself or a resolver raised. Its message is not passed on."""

    extensions: Extensions = Extensions()


class Envelope(Struct, frozen=True):
    """A GraphQL answer: https://spec.graphql.org/October2021/#sec-Response-Format."""

    data: dict[str, Raw] | None = None
    errors: tuple[Fault, ...] = ()


class Result(Struct, frozen=True, rename="camel"):
    """The head of a mutation's answer. ``error_code`` is None when it did what it was asked to."""

    typename: str = field(name="__typename")
    error_code: str | None = None
    quantity_available: int | None = None


class Variant(Struct, frozen=True):
    """What can be bought."""

    id: str
    sku: str


class LineVariant(Struct, frozen=True):
    """What a line holds."""

    sku: str


class Line(Struct, frozen=True, rename="camel"):
    """A line of an order."""

    id: str
    quantity: int
    unit_price: int
    unit_price_with_tax: int
    product_variant: LineVariant


class Fields(Struct, frozen=True):
    """The custom fields of an order that are ours."""

    attempt: str | None = None


class PaymentPart(Struct, frozen=True):
    """A payment of an order."""

    state: str

    @property
    def is_void(self) -> bool:
        """Whether nothing was and nothing will be paid with it."""
        return self.state in _VOID_PAYMENTS


class AnyOrder(Struct, frozen=True, rename="camel"):
    """What both APIs tell of an order.

    ``payments`` may be None before the first one.
    """

    id: str
    code: str
    state: str
    currency_code: str
    total_with_tax: int
    payments: tuple[PaymentPart, ...] | None

    @property
    def has_payment(self) -> bool:
        """Whether something was paid, or may be with a payment that is under way."""
        return any(not payment.is_void for payment in self.payments or ())


class ActiveOrder(AnyOrder, frozen=True):
    """An order of the session, before or just after it is placed."""

    lines: tuple[Line, ...]
    custom_fields: Fields

    def lines_of(self, sku: str) -> tuple[Line, ...]:
        """Return where the SKU stands: in one line, unless the shop tells lines apart further."""
        return tuple(line for line in self.lines if line.product_variant.sku == sku)


class ShippingQuote(Struct, frozen=True, rename="camel"):
    """A way to ship the order, and its price."""

    id: str
    code: str
    price_with_tax: int


class KnownOrder(AnyOrder, frozen=True):
    """An order as the Admin API shows it. ``order_placed_at`` is None while it is active."""

    order_placed_at: str | None


class OrderList(Struct, frozen=True):
    """Orders that were asked for."""

    items: tuple[KnownOrder, ...]


class VariantList(Struct, frozen=True):
    """Variants that were asked for."""

    items: tuple[Variant, ...]
