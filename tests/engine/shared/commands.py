"""Any command that a client may send about two SKUs and what is reserved of them."""

from random import Random

from surestock.inventory.commands import (
    AdjustStock,
    CommitReservation,
    CountStock,
    ExtendReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.ledger.command import Command
from tests.engine.shared.verdict import SKUS


def any_command(draw: Random, held: list[str]) -> Command:
    """Draw a command. ``held`` are the reservations that it may be about."""
    sku = draw.choice(SKUS)
    reservation = draw.choice(held) if held else "none"
    match draw.randrange(9):
        case 0 | 1 | 2:
            return AdjustStock("s1", sku, draw.randint(-9, 8))
        case 3:
            return CountStock("s1", sku, draw.randint(0, 60))
        case 4 | 5:
            return ReserveStock("s1", sku, draw.randint(1, 4), ttl_s=draw.choice((1, 2, 30)))
        case 6:
            return ExtendReservation(reservation, draw.choice((1, 2, 30)))
        case 7:
            return CommitReservation(reservation)
        case _:
            return ReleaseReservation(reservation)
