"""Baskets: the sale lines of one till receipt, as the reservations that buy them."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import NamedTuple

StockKey = tuple[str, str]
"""A store id and a SKU."""

Quantities = dict[StockKey, int]
"""Units of each stock key, each at least 1."""

SaleLine = tuple[int, StockKey, int]
"""A basket number, a stock key and units."""

LINE_LIMIT = 100
"""Lines that one reservation may have."""


class Basket(NamedTuple):
    """What one customer wants, at one till."""

    number: int
    wanted: Quantities


def group_baskets(lines: Iterable[SaleLine]) -> Iterator[Basket]:
    """Yield a basket for each run of lines with the same number, in the order of the lines.

    Lines of a basket with the same stock key are summed.
    """
    for number, run in groupby(lines, key=lambda line: line[0]):
        wanted: Quantities = {}
        for _, key, units in run:
            wanted[key] = wanted.get(key, 0) + units
        yield Basket(number, wanted)


def split(wanted: Quantities, limit: int = LINE_LIMIT) -> Iterator[Quantities]:
    """Yield ``wanted`` in parts of at most ``limit`` lines each: one part is one reservation."""
    rest = iter(wanted.items())
    while part := dict(islice(rest, limit)):
        yield part
