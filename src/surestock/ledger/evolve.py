"""How each event changes the state. The only code that does, for live commands and for replay."""

from surestock.cart.evolve import CART_CHANGES
from surestock.inventory.evolve import STOCK_CHANGES
from surestock.inventory.view import Changes
from surestock.ledger.event import Event

_EVOLVE = {**STOCK_CHANGES, **CART_CHANGES}


def evolve(changes: Changes, event: Event) -> None:
    """Apply ``event`` to ``changes``.

    Raises ``InvariantViolation`` when the event cannot follow from the state, as only a defect or a
    damaged log can bring about.
    """
    _EVOLVE[type(event)](changes, event)
