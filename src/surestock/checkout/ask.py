"""What a client asks for with a checkout, and what it comes to."""

from msgspec import Raw, Struct

from surestock.cart.model import CheckoutStatus, Order
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
    """What became of it by now: ``completed``, or it has no end yet. A failure is raised.

    ``body`` is the JSON of the answer once it is completed. ``sequence`` is that of the record that
    completed it, where that is known; ``replayed`` tells that this answer was given before.
    """

    status: CheckoutStatus
    body: Raw | None = None
    sequence: int | None = None
    replayed: bool = False


class PersonsWord(Struct, frozen=True):
    """What a person found out of an open checkout: its order, or None where there is none.

    ``reason`` is how that is known, ``client`` who says so.
    """

    user_id: str
    attempt_id: str
    order: Order | None
    reason: str
    client: str
    request_id: str
