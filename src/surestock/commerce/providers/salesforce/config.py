"""What the provider must be told: whose shop it is, and how its instance was set up."""

import re

from msgspec import Struct

from surestock.commerce.port import Address, Customer

_ATTRIBUTE = re.compile(r"c_[A-Za-z][A-Za-z0-9_]{0,59}")


class SalesforceConfig(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The settings. Members are in camelCase in the file.

    ``base_url`` is ``https://SHORTCODE.api.commercecloud.salesforce.com``. The SLAS client is
    private with a ``client_secret``, or else public with the ``redirect_uri`` that it is registered
    with; it needs the scopes ``sfcc.shopper-baskets-orders.rw`` and
    ``sfcc.shopper-myaccount.orders``.

    ``attempt_attribute`` must be defined at the instance, as a string, for Basket *and* for Order:
    only what both have is carried over, and an order is found again by nothing else.
    ``cart_attribute``, for the cart's id, may be.

    ``shipping_method`` and ``payment_method`` are ids of the site; ``customer`` and ``address``
    stand in for what an order does not name. ``token_attribute`` takes what the payment page gave,
    on the payment instrument; without one it goes as the card's token.

    ``deferred_methods`` are paid later by their nature (an invoice): an order by one of them counts
    as paid. ``declined_types`` are the last words of the problem types that mean a refused payment;
    a hook of the site may have words of its own.

    ``settles_s`` is for who has measured it: see ``Capabilities``. The platform documents only that
    it stops answering after 10 s, not that it stops working. ``answer_s`` is a little longer than
    that: with its 504 one knows more than without.
    """

    base_url: str
    organization_id: str
    site_id: str
    client_id: str
    shipping_method: str
    client_secret: str | None = None
    redirect_uri: str | None = None
    channel_id: str | None = None
    attempt_attribute: str = "c_surestockAttempt"
    cart_attribute: str | None = None
    shipment_id: str = "me"
    payment_method: str | None = None
    token_attribute: str | None = None
    deferred_methods: tuple[str, ...] = ()
    declined_types: tuple[str, ...] = ("payment-declined", "invalid-payment-method-id")
    customer: Customer | None = None
    address: Address | None = None
    settles_s: float | None = None
    answer_s: float = 11.0
    most_connections: int = 32

    def __repr__(self) -> str:
        return f"SalesforceConfig(base_url={self.base_url!r}, site_id={self.site_id!r})"

    def __post_init__(self) -> None:
        """Refuse what can't work, before anything is asked for."""
        if (self.client_secret is None) == (self.redirect_uri is None):
            raise ValueError(
                "name a clientSecret or a redirectUri: the client is one kind or the other"
            )
        for name in (self.attempt_attribute, self.cart_attribute, self.token_attribute):
            if name is not None and not _ATTRIBUTE.fullmatch(name):
                raise ValueError(f"a custom attribute is named c_…, not {name!r}")
        if self.answer_s <= 0 or (self.settles_s is not None and self.settles_s <= 0):
            raise ValueError("answerS and settlesS are numbers of seconds above 0")
