"""What every product must be over all stores after the sale, and where the central view differs.

Each store's part follows from the receipts, as in `demo.oracle`. The sums are held against totals
that pandas makes, of the receipts and of the raw rows, so that no sum of ours is checked by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from demo.basket import StockKey
from demo.central import Product
from demo.oracle import VERSIONS_A_SALE, Expected, Level, Mismatch


class Total(NamedTuple):
    """What pandas says of one product over all stores.

    ``left`` is the opening stock less what the receipts sold. ``undemanded`` is the opening stock
    less the demand of the raw rows, None where some store opened with too little.
    """

    left: int
    undemanded: int | None


def audit_products(
    expected: Iterable[Expected], totals: Mapping[str, Total], products: Mapping[str, Product]
) -> Iterator[Mismatch]:
    """Yield every mismatch between what is expected and the ``products`` of the central view."""
    stores: dict[str, dict[str, Level]] = {}
    for item in expected:
        store, sku = item.key
        on_hand = item.opening - item.sold
        version = 1 + VERSIONS_A_SALE * item.sales
        stores.setdefault(sku, {})[store] = Level(on_hand, 0, on_hand, version)
    for sku, levels in stores.items():
        product = products.get(sku)
        if product is None:
            yield Mismatch(("all", sku), "the central view has no such product")
        else:
            yield from _in_stores(sku, levels, product)
            yield from (Mismatch(("all", sku), what) for what in _in_sum(totals[sku], product))
    for sku in products.keys() - stores.keys():
        yield Mismatch(("all", sku), "the central view has a product that nobody opened")


def _in_stores(sku: str, levels: Mapping[str, Level], product: Product) -> Iterator[Mismatch]:
    for store in sorted(levels.keys() | product.stores.keys()):
        key: StockKey = (store, sku)
        wanted, told = levels.get(store), product.stores.get(store)
        if wanted != told:
            yield Mismatch(key, f"the central view says {told}, the receipts leave {wanted}")


def _in_sum(total: Total, product: Product) -> Iterator[str]:
    if product.on_hand != total.left:
        yield f"on-hand over all stores is {product.on_hand}, pandas makes it {total.left}"
    if total.undemanded is not None and product.on_hand != total.undemanded:
        yield f"on-hand over all stores is {product.on_hand}, the demand leaves {total.undemanded}"
    if product.reserved != 0:
        yield f"{product.reserved} units are still reserved over all stores"
    if product.available != product.on_hand - product.reserved:
        yield f"available over all stores is {product.available}, not on-hand minus reserved"
    if product.diverged:
        yield "it is diverged: a change was parked"
