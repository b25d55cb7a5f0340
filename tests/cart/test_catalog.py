"""The catalog holds the prices of record; each time that a product is put counts."""

import pytest

from surestock.cart.find import find_product
from surestock.cart.model import MAX_UNIT_PRICE
from surestock.cart.refusals import ProductConflict
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.refusals import NotFound
from tests.cart.shop import Shop, put


def version(shop: Shop) -> int:
    product = find_product(shop, "tea")
    assert product is not None
    return product.version


def test_a_new_product_has_version_1_and_each_put_adds_one_even_without_a_difference() -> None:
    shop = Shop()
    for expected in (1, 2, 3):
        shop.do(put("tea"))
        assert version(shop) == expected
        assert shop.replies[-1].version == expected
        assert shop.replies[-1].created is (expected == 1)


def test_a_product_may_be_expected_to_be_new() -> None:
    shop = Shop()
    shop.do(put("tea", expected_version=0))
    refusal = shop.refused(ProductConflict, put("tea", expected_version=0))
    assert refusal.current == find_product(shop, "tea")


def test_a_product_may_be_expected_to_have_a_version() -> None:
    shop = Shop()
    shop.refused(NotFound, put("tea", expected_version=1))
    shop.do(put("tea"))
    shop.refused(ProductConflict, put("tea", expected_version=2))
    shop.do(put("tea", 5, expected_version=1))
    assert version(shop) == 2


def test_a_put_replaces_everything_and_tells_when() -> None:
    shop = Shop()
    shop.do(put("tea", 100, stocked=True))
    shop.clock.advance(60)
    shop.do(put("tea", 200, currency="USD"))
    product = find_product(shop, "tea")
    assert product is not None
    assert (product.unit_price, product.currency, product.stocked) == (200, "USD", False)
    assert product.updated_at == shop.now


@pytest.mark.parametrize("price", [-1, MAX_UNIT_PRICE + 1])
def test_a_price_that_would_leave_exact_integers_is_a_defect(price: int) -> None:
    with pytest.raises(InvariantViolation, match="impossible price"):
        Shop().do(put("tea", price))


def test_the_body_of_a_product_has_all_members_and_its_sequence() -> None:
    shop = Shop()
    shop.do(put("tea", 250, stocked=True))
    assert shop.body == {
        "sku": "tea",
        "name": "Tea",
        "type": "device",
        "unitPrice": 250,
        "currency": "EUR",
        "stocked": True,
        "version": 1,
        "updatedAt": shop.now.isoformat().replace("+00:00", "Z"),
        "sequence": 1,
    }
