"""What a shop has to tell about its Vendure: the form of its configuration file."""

from typing import Annotated

from msgspec import Meta, Struct

from surestock.commerce.http import HttpConfig
from surestock.commerce.port import Address, Customer
from surestock.commerce.providers.vendure.mapping import Prices

Name = Annotated[str, Meta(pattern="^[_A-Za-z][_0-9A-Za-z]*$")]
"""A name of GraphQL: https://spec.graphql.org/October2021/#sec-Names."""


class AdminLogin(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may read orders and the catalog: an administrator of the shop."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"AdminLogin(username={self.username!r})"


class VendureConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """``prices`` tells whether the prices of our catalog are those before or after tax.

    ``attempt_field`` is the order custom field that holds the attempt id. ``shipping_method`` is a
    code; None takes the cheapest that is eligible. ``customer`` and ``address`` stand in for what
    an order request leaves out. ``channel_token`` of None is the default channel. ``settles_s`` is
    longer than the slowest payment takes: only then an order that is not found was not placed.
    """

    http: HttpConfig
    admin: AdminLogin
    prices: Prices
    payment_method: str
    shipping_method: str | None = None
    attempt_field: Name = "externalKey"
    channel_token: str | None = None
    customer: Customer | None = None
    address: Address | None = None
    shop_path: str = "/shop-api"
    admin_path: str = "/admin-api"
    settles_s: float | None = 60.0
