"""The rules of stock, by command: each turns it into events, or refuses it. Pure.

The order of checks is the contract's: existence, then version (before due expiries are applied,
so that a client who read the true number is not refused because a timer ran out in between),
then stock.
"""

from collections.abc import Callable
from typing import Any

from surestock.inventory import commands as cmd
from surestock.inventory.deciding import Draft
from surestock.inventory.deciding.level import adjust, count, expire
from surestock.inventory.deciding.reserve import make_reservation, reserve
from surestock.inventory.deciding.resolve import commit, extend, release

STOCK_RULES: dict[type, Callable[[Draft, Any], None]] = {
    cmd.CountStock: count,
    cmd.AdjustStock: adjust,
    cmd.ExpireReservations: expire,
    cmd.ReserveStock: reserve,
    cmd.MakeReservation: make_reservation,
    cmd.CommitReservation: commit,
    cmd.ReleaseReservation: release,
    cmd.ExtendReservation: extend,
}
