"""What bodies have in common: how they are written, and money."""

from msgspec import Struct, UnsetType


class Body(Struct, frozen=True, rename="camel"):
    """How every body is written."""


class TotalsBody(Body, frozen=True, gc=False):
    """Sums in minor units. ``total`` is the platform's, with taxes and shipping."""

    subtotal: int
    total: int | UnsetType
    currency: str
