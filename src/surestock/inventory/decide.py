"""Turn a command into events, or refuse it. Pure: the same state, command and time decide alike.

The order of checks is the contract's: existence, then version (before due expiries are applied,
so that a client who read the true number is not refused because a timer ran out in between),
then stock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from surestock.inventory import commands as cmd
from surestock.inventory.commands import Command
from surestock.inventory.deciding import Draft
from surestock.inventory.deciding.level import adjust, count, expire
from surestock.inventory.deciding.reserve import make_reservation, reserve
from surestock.inventory.deciding.resolve import commit, extend, release
from surestock.inventory.view import View


def decide(view: View, command: Command, now: datetime, record_id: str) -> Draft:
    """Decide ``command`` on ``view`` at ``now``; return the events, and what they change.

    ``record_id`` names the record to be, and a reservation that it makes. No events at all means
    that there was nothing to do (only :class:`~surestock.inventory.commands.ExpireReservations`).

    Raises a :class:`~surestock.kit.errors.Refusal`; then nothing has changed.
    """
    draft = Draft(view, now, record_id)
    _DECIDE[type(command)](draft, command)
    return draft


_DECIDE: dict[type, Callable[[Draft, Any], None]] = {
    cmd.CountStock: count,
    cmd.AdjustStock: adjust,
    cmd.ExpireReservations: expire,
    cmd.ReserveStock: reserve,
    cmd.MakeReservation: make_reservation,
    cmd.CommitReservation: commit,
    cmd.ReleaseReservation: release,
    cmd.ExtendReservation: extend,
}
