"""Which levels a command touches: what is locked before it is decided."""

from datetime import datetime

from surestock.inventory.commands import Command, MakeReservation, ReservationCommand
from surestock.inventory.model import StockKey
from surestock.inventory.view import View


def keys_of(view: View, command: Command, now: datetime) -> list[StockKey]:
    """Return the sorted keys of every level that ``command`` may touch, each once.

    A reservation that is due on one of them is ended by the same record, so the levels of its
    other lines count as well.
    """
    if isinstance(command, MakeReservation):
        named = [wanted.line.key for wanted in command.lines]
    elif isinstance(command, ReservationCommand):
        held = view.reservation(command.reservation_id)
        named = [] if held is None else [line.key for line in held.lines]
    else:
        key = (command.store_id, command.sku)
        if not view.due(key, now):
            return [key]
        named = [key]
    keys = set(named)
    for key in named:
        for due in view.due(key, now):
            keys.update(line.key for line in due.lines)
    return sorted(keys)
