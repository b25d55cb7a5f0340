"""The catalog: what is sold, and for how much."""

from surestock.cart.commands import PutProduct
from surestock.cart.deciding.record import record
from surestock.cart.events import ProductPut
from surestock.cart.find import find_product
from surestock.cart.refusals import ProductConflict
from surestock.cart.version import next_product_version
from surestock.inventory.deciding import Draft
from surestock.inventory.refusals import NotFound


def put_product(draft: Draft, command: PutProduct) -> None:
    """Set a product. What it was before makes no difference, except for its version."""
    known = find_product(draft, command.sku)
    expected = command.expected_version
    if known is None and expected:
        raise NotFound(f"product {command.sku}")
    if known is not None and expected is not None and known.version != expected:
        raise ProductConflict(expected, known)
    record(
        draft,
        ProductPut(
            command.sku,
            command.name,
            command.type,
            command.unit_price,
            command.currency,
            command.stocked,
            next_product_version(draft, command.sku),
        ),
    )
