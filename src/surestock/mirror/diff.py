"""What to change in the platform's cart so that it holds what ours does. Pure, and absolute.

Every change names the end, not the way ("hold 3", never "1 more"): so it may be done twice, and
what an earlier try did already is no harm.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from surestock.cart.model import Item
from surestock.commerce.port import RemoteLine, WantedItem


class SetQuantity(Struct, frozen=True):
    """The platform's cart is to hold so much of a SKU. ``line`` is where it stands, if it does."""

    item: WantedItem
    line: RemoteLine | None


class RemoveLine(Struct, frozen=True):
    """This line is too much."""

    line: RemoteLine


Change: TypeAlias = SetQuantity | RemoveLine


def wanted_of(items: Iterable[Item]) -> dict[str, WantedItem]:
    """Return what the platform is to hold, by SKU, in our order; a SKU that comes twice, summed."""
    wanted: dict[str, WantedItem] = {}
    for item in items:
        before = wanted.get(item.sku)
        if before is None:
            wanted[item.sku] = WantedItem(item.sku, item.qty, item.unit_price, item.name, item.type)
        else:
            wanted[item.sku] = replace(before, qty=before.qty + item.qty)
    return wanted


def changes_between(
    items: Iterable[Item], lines: Sequence[RemoteLine], *, with_prices: bool = False
) -> list[Change]:
    """Return what is to be done so that ``lines`` become ``items``; nothing when they are alike.

    What is too much goes first: it may be what leaves no room for the rest. Of several lines with
    one SKU the first stays. ``with_prices`` also sets what stands there at another price.
    """
    wanted = wanted_of(items)
    standing: dict[str, RemoteLine] = {}
    removals: list[Change] = []
    for line in lines:
        if line.sku in wanted and line.sku not in standing:
            standing[line.sku] = line
        else:
            removals.append(RemoveLine(line))
    settings: list[Change] = []
    for sku, item in wanted.items():
        held = standing.get(sku)
        if held is None or held.qty != item.qty or (with_prices and _costs_else(item, held)):
            settings.append(SetQuantity(item, held))
    return removals + settings


def _costs_else(item: WantedItem, line: RemoteLine) -> bool:
    return line.unit_price is not None and line.unit_price != item.unit_price
