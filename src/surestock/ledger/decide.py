"""Turn any command into events, or refuse it. Pure: state, command and time decide alike."""

from datetime import datetime

from surestock.cart.decide import CART_RULES
from surestock.inventory.decide import STOCK_RULES
from surestock.inventory.deciding import Draft
from surestock.inventory.view import View
from surestock.ledger.command import Command

_RULES = {**STOCK_RULES, **CART_RULES}


def decide(view: View, command: Command, now: datetime, record_id: str) -> Draft:
    """Decide ``command`` on ``view`` at ``now``; return the events, and what they change.

    ``record_id`` names the record to be, and whatever it makes: a reservation, a cart, an attempt.
    No events at all means that there was nothing to do.

    Raises a :class:`~surestock.kit.errors.Refusal`; then nothing has changed.
    """
    draft = Draft(view, now, record_id)
    _RULES[type(command)](draft, command)
    return draft
