"""Which levels and documents a command touches: what is locked before it is decided."""

from datetime import datetime

from surestock.cart import commands as cart
from surestock.cart.keys import CART_KEYS
from surestock.cart.model import Cart
from surestock.inventory.commands import ExpireReservations
from surestock.inventory.keys import keys_of as stock_keys_of
from surestock.inventory.keys import named_keys, with_due
from surestock.inventory.model import StockKey
from surestock.inventory.view import View
from surestock.ledger.command import Command

_BY_ITSELF = (
    ExpireReservations,
    cart.NoteMirror,
    cart.BeginPlacing,
    cart.CompleteCheckout,
    cart.FailCheckout,
    cart.DoubtCheckout,
    cart.RepeatCheckout,
    cart.CloseCart,
    cart.ForgetCheckout,
)


def keys_of(view: View, command: Command, now: datetime) -> list[StockKey]:
    """Return the sorted keys of every level and document that ``command`` may touch, each once."""
    named = CART_KEYS.get(type(command))
    if named is None:
        return stock_keys_of(view, command, now)  # type: ignore[arg-type]  # it is no cart command
    documents, levels = named(view, command)
    return sorted([*documents, *with_due(view, levels, now)]) if levels else sorted(documents)


def leased_keys(view: View, command: Command) -> set[StockKey]:
    """Return what a client's ``command`` changes: what no other process is to change meanwhile.

    None for what the service does by itself. What is merely looked at, such as the product of an
    item, is left out, and so are reservations that happen to be due.
    """
    if isinstance(command, _BY_ITSELF):
        return set()
    named = CART_KEYS.get(type(command))
    if named is None:
        return set(named_keys(view, command))  # type: ignore[arg-type]  # it is no cart command
    documents, levels = named(view, command)
    if isinstance(command, cart.PutProduct):
        return {*documents, *levels}
    return {*(key for key in documents if key[0] == Cart.KIND), *levels}
