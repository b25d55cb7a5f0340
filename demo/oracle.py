"""What every level must be after the sale, and where it is not.

Two books are held against the service's levels. The clients' book (opening stock minus what was
acknowledged) finds what was lost, doubled or invented. The data set's book (opening stock minus
the demand of the raw rows) knows nothing of answers, so it also finds sales that the service
refused though there was stock, and faults of the replay itself.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from demo.basket import Quantities, StockKey

VERSIONS_A_SALE = 2
"""A sold line raises its level's version twice: by the reservation and by its commit."""


class Level(NamedTuple):
    """One stock level, as the service tells it."""

    on_hand: int
    reserved: int
    available: int
    version: int


class Expected(NamedTuple):
    """What is known of one stock key without asking the service.

    ``opening`` and ``demand`` in units; ``sold``: units acknowledged, in ``sales`` reservations;
    ``left_alone``: a customer stopped asking for it while some might have been there.
    """

    key: StockKey
    opening: int
    demand: int
    sold: int
    sales: int
    left_alone: bool


class Mismatch(NamedTuple):
    """One thing that is not as it must be."""

    key: StockKey
    what: str


def expectations(
    opening: Quantities,
    demand: Quantities,
    sold: Mapping[StockKey, tuple[int, int]],
    left_alone: Container[StockKey],
) -> Iterator[Expected]:
    """Yield what is known of each stock key of ``demand``.

    ``sold`` holds the units acknowledged and the number of reservations that they were sold in.
    """
    for key, wanted in demand.items():
        units, sales = sold.get(key, (0, 0))
        yield Expected(key, opening[key], wanted, units, sales, key in left_alone)


def audit(expected: Iterable[Expected], levels: Mapping[StockKey, Level]) -> Iterator[Mismatch]:
    """Yield every mismatch between ``expected`` and the service's ``levels``."""
    known = 0
    for item in expected:
        level = levels.get(item.key)
        if level is None:
            yield Mismatch(item.key, "the service has no level")
            continue
        known += 1
        for what in (*_against_receipts(item, level), *_against_demand(item, level)):
            yield Mismatch(item.key, what)
    if known != len(levels):
        yield Mismatch(("", ""), f"{len(levels) - known} levels that nobody opened")


def _against_receipts(item: Expected, level: Level) -> Iterator[str]:
    on_hand = item.opening - item.sold
    if level.on_hand != on_hand:
        yield f"on-hand is {level.on_hand}, the receipts leave {on_hand}"
    if level.reserved != 0:
        yield f"{level.reserved} units are still reserved"
    if level.available != level.on_hand - level.reserved:
        yield f"available is {level.available}, not on-hand minus reserved"
    version = 1 + VERSIONS_A_SALE * item.sales
    if level.version != version:
        yield f"version is {level.version}, {item.sales} sales make {version}"


def _against_demand(item: Expected, level: Level) -> Iterator[str]:
    if item.opening >= item.demand:
        on_hand = item.opening - item.demand
        if level.on_hand != on_hand:
            yield f"on-hand is {level.on_hand}, with enough stock the demand leaves {on_hand}"
        if item.sold != item.demand:
            yield f"{item.sold} units were sold of a demand of {item.demand}, with enough stock"
        return
    if not 0 <= level.on_hand <= item.opening or item.sold > item.opening:
        yield f"oversold: {item.sold} units of {item.opening}, on-hand is {level.on_hand}"
    if level.on_hand > 0 and not item.left_alone:
        yield f"{level.on_hand} units are left of a SKU that somebody was refused"
