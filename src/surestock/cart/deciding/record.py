"""Add an event of this domain to the record to be. The stock's own way knows stock events only."""

from surestock.cart.events import CartEvent
from surestock.cart.evolve import CART_CHANGES
from surestock.inventory.deciding import Draft


def record(draft: Draft, event: CartEvent) -> None:
    """Add ``event`` to the record and evolve the draft by it."""
    CART_CHANGES[type(event)](draft, event)
    draft.events.append(event)
