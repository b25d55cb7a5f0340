"""Which levels a command touches: what is locked before it is decided."""

from collections.abc import Iterable
from datetime import datetime

from surestock.inventory.commands import Command, MakeReservation, ReservationCommand
from surestock.inventory.model import StockKey
from surestock.inventory.view import View


def keys_of(view: View, command: Command, now: datetime) -> list[StockKey]:
    """Return the sorted keys of every level that ``command`` may touch, each once.

    A reservation that is due on one of them is ended by the same record, so the levels of its
    other lines count as well.
    """
    if not isinstance(command, MakeReservation | ReservationCommand):
        key = (command.store_id, command.sku)
        if not view.due(key, now):
            return [key]
    return sorted(with_due(view, named_keys(view, command), now))


def named_keys(view: View, command: Command) -> list[StockKey]:
    """Return the keys of the levels that ``command`` is about, in no order."""
    if isinstance(command, MakeReservation):
        return [wanted.line.key for wanted in command.lines]
    if isinstance(command, ReservationCommand):
        held = view.reservation(command.reservation_id)
        return [] if held is None else [line.key for line in held.lines]
    return [(command.store_id, command.sku)]


def with_due(view: View, named: Iterable[StockKey], now: datetime) -> set[StockKey]:
    """Return ``named`` and the levels of every reservation that is due on one of them."""
    keys = set(named)
    for key in tuple(keys):
        for due in view.due(key, now):
            keys.update(line.key for line in due.lines)
    return keys
