"""What can go wrong at a commerce platform: one tree, whichever platform it is.

A provider raises nothing else on purpose. The guard turns whatever else comes out of one into
:class:`BadAnswer`, or while an order is placed, into :class:`OutcomeUnknown`.
"""

from surestock.kit.errors import SurestockError


class CommerceError(SurestockError):
    """The platform did not do what it was asked to. The message is one sentence for a person.

    It never holds a token, an address of the platform, or text of the platform that was not checked
    to be short and printable.
    """


class CartExpired(CommerceError):
    """The platform does not know the cart any more: make another one."""


class ItemNotFound(CommerceError):
    """The platform does not sell this SKU."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"The commerce platform does not sell SKU {sku}.")
        self.sku = sku


class InsufficientStock(CommerceError):
    """The platform has not so many. ``available`` of None: it does not tell how many."""

    def __init__(self, sku: str, available: int | None = None) -> None:
        told = "" if available is None else f" ({available} available)"
        super().__init__(f"The commerce platform has too few units of SKU {sku}{told}.")
        self.sku = sku
        self.available = available


class PriceChanged(CommerceError):
    """The platform asks another price than the cart shows, in minor units."""

    def __init__(self, sku: str, old: int, new: int) -> None:
        super().__init__(f"The commerce platform asks {new} for SKU {sku}, not {old}.")
        self.sku = sku
        self.old = old
        self.new = new


class PaymentDeclined(CommerceError):
    """The payment was refused. No order was placed, and none will be."""


class Conflict(CommerceError):
    """The platform's cart is in a state that does not allow this, or somebody else changed it."""


class RateLimited(CommerceError):
    """The platform takes no more calls for now; this one was not carried out."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__("The commerce platform takes no more calls for now.")
        self.retry_after_s = retry_after_s


class Unavailable(CommerceError):
    """The platform was not reached, so nothing was carried out there.

    For a verb that may be repeated it also stands for an answer that did not come.
    """

    def __init__(self, why: str, retry_after_s: int = 1) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class BadAnswer(CommerceError):
    """The platform's answer is too large, malformed, or not what was asked for."""


class OutcomeUnknown(CommerceError):
    """Placing an order was asked for, and nobody knows what became of it."""


REFUSALS = (CartExpired, ItemNotFound, InsufficientStock, PriceChanged, PaymentDeclined, Conflict)
"""The platform understood, and said no: it is well, and what was asked for was not carried out."""

ERRORS = (*REFUSALS, RateLimited, Unavailable, BadAnswer, OutcomeUnknown)
"""The leaves of the tree."""
