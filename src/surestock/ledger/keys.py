"""Which levels and documents a command touches: what is locked before it is decided."""

from datetime import datetime

from surestock.cart.keys import CART_KEYS
from surestock.inventory.keys import keys_of as stock_keys_of
from surestock.inventory.keys import with_due
from surestock.inventory.model import StockKey
from surestock.inventory.view import View
from surestock.ledger.command import Command


def keys_of(view: View, command: Command, now: datetime) -> list[StockKey]:
    """Return the sorted keys of every level and document that ``command`` may touch, each once."""
    named = CART_KEYS.get(type(command))
    if named is None:
        return stock_keys_of(view, command, now)  # type: ignore[arg-type]  # it is no cart command
    documents, levels = named(view, command)
    return sorted([*documents, *with_due(view, levels, now)]) if levels else sorted(documents)
