"""What a client asks for with a checkout, and what it comes to."""

from msgspec import Struct

from surestock.cart.model import Checkout
from surestock.commerce.port import Address, Customer, Payment
from surestock.idempotency import IdempotencyKey


class CheckoutAsk(Struct, frozen=True):
    """A client's wish to buy what is in a user's cart.

    ``client`` is who sends it. Customer, address and payment are handed to the platform and are
    never recorded.
    """

    user_id: str
    client: str
    request_id: str
    key: IdempotencyKey | None = None
    expected_version: int | None = None
    customer: Customer | None = None
    address: Address | None = None
    payment: Payment | None = None


class CheckoutEnd(Struct, frozen=True):
    """A checkout as it is by now: completed, or not ended yet.

    ``sequence`` is that of the record that completed it, where that is known; ``replayed`` tells
    that this answer was given before.
    """

    checkout: Checkout
    sequence: int | None = None
    replayed: bool = False
