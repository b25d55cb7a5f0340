"""The shapes of a checkout: what it may be asked for with, and what it comes to."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from surestock.api.schemas.cart import CheckoutError, OrderTotals, TotalsShown
from surestock.api.schemas.values import Body, Identifier, Quantity, Shown, Text, Version
from surestock.commerce.port import Address, Customer, Payment


class CustomerBody(Body):
    """Who buys."""

    email: Annotated[str, Field(min_length=3, max_length=254, pattern="^[^@\\s]+@[^@\\s]+$")]
    first_name: Text
    last_name: Text

    def value(self) -> Customer:
        """Return it as the platform takes it."""
        return Customer(self.email, self.first_name, self.last_name)


class AddressBody(Body):
    """Where it goes; ``country`` is ISO 3166-1 alpha-2."""

    line1: Text
    line2: Text | None = None
    city: Text
    postal_code: Text
    region: Text | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(examples=["DE"])

    def value(self) -> Address:
        """Return it as the platform takes it."""
        return Address(
            self.line1, self.city, self.postal_code, self.country, self.line2, self.region
        )


class PaymentBody(Body):
    """How it is paid: a method that the platform knows, and what its payment page gave for it."""

    method: Text | None = None
    token: Annotated[str, Field(min_length=1, max_length=4096)] | None = None

    def value(self) -> Payment:
        """Return it as the platform takes it."""
        return Payment(self.method, self.token)


class CheckoutBody(Body):
    """What the platform is told about the purchase. None of it is recorded.

    What is left out is filled in by the provider's configuration, or refused by the platform.
    """

    expected_version: Version | None = None
    customer: CustomerBody | None = None
    shipping_address: AddressBody | None = None
    payment: PaymentBody | None = None


class ResolveBody(Body):
    """What a person found out about an attempt; an order has an id, a number and a total."""

    attempt_id: Identifier
    outcome: Literal["completed", "failed"]
    order_id: Text | None = None
    order_number: Text | None = None
    total: Quantity | None = None
    reason: Text = Field(examples=["seen in the platform's list of orders"])


class CheckoutDone(Shown):
    """A completed checkout."""

    checkout_status: Literal["completed"]
    order_id: str
    order_number: str
    totals: OrderTotals
    cart_id: Identifier


class CheckoutGoing(Shown):
    """A checkout without an end: it goes on, or nobody knows yet. ``statusUrl`` tells later."""

    checkout_status: Literal["in_progress", "unknown"]
    status_url: str


class CheckoutBegun(Shown):
    """A checkout without an order: none yet, none that anybody is sure of, or none at all."""

    checkout_status: Literal["in_progress", "unknown", "failed"]
    cart_id: Identifier
    attempt_id: Identifier
    totals: TotalsShown
    checkout_started_at: datetime
    checkout_error: CheckoutError | None


class CheckoutPending(Shown):
    """There is a cart, and nobody has checked it out."""

    checkout_status: Literal["pending"]


CheckoutState: TypeAlias = CheckoutDone | CheckoutBegun | CheckoutPending
