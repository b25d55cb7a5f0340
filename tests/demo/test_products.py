"""The audit of the central view finds nothing in a true one, and each kind of wrong one."""

from collections.abc import Callable

import pytest

from demo.central import Product
from demo.oracle import Expected, Level, Mismatch
from demo.products import Total, audit_products

BREAD, MILK, SALT = ("1", "bread"), ("1", "milk"), ("2", "milk")
EXPECTED = [
    Expected(BREAD, opening=9, demand=6, sold=6, sales=2, left_alone=False),
    Expected(MILK, opening=3, demand=4, sold=3, sales=1, left_alone=False),
    Expected(SALT, opening=7, demand=5, sold=5, sales=3, left_alone=False),
]
TOTALS = {"bread": Total(3, 3), "milk": Total(2, None)}
Products = dict[str, Product]


def _true() -> Products:
    return {
        "bread": Product(3, 0, 3, diverged=False, stores={"1": Level(3, 0, 3, 5)}),
        "milk": Product(
            2, 0, 2, diverged=False, stores={"1": Level(0, 0, 0, 3), "2": Level(2, 0, 2, 7)}
        ),
    }


def _findings(products: Products) -> list[Mismatch]:
    return list(audit_products(EXPECTED, TOTALS, products))


def test_a_true_view_has_no_mismatch() -> None:
    assert _findings(_true()) == []


@pytest.mark.parametrize(
    ("sku", "other", "complaint"),
    [
        ("bread", lambda it: it._replace(on_hand=4, available=4), "pandas makes it 3"),
        ("bread", lambda it: it._replace(on_hand=4, available=4), "the demand leaves 3"),
        ("bread", lambda it: it._replace(reserved=1, available=2), "still reserved"),
        ("bread", lambda it: it._replace(available=2), "not on-hand minus reserved"),
        ("bread", lambda it: it._replace(diverged=True), "a change was parked"),
        ("bread", lambda it: it._replace(stores={}), "the central view says None"),
        (
            "milk",
            lambda it: it._replace(stores={**it.stores, "2": Level(2, 0, 2, 6)}),
            "the receipts leave Level(on_hand=2, reserved=0, available=2, version=7)",
        ),
        (
            "milk",
            lambda it: it._replace(stores={**it.stores, "3": Level(1, 0, 1, 1)}),
            "the receipts leave None",
        ),
    ],
    ids=["pandas", "demand", "reserved", "available", "diverged", "store", "version", "stranger"],
)
def test_a_single_wrong_number_is_found(
    sku: str, other: Callable[[Product], Product], complaint: str
) -> None:
    products = _true()
    products[sku] = other(products[sku])
    assert any(complaint in mismatch.what for mismatch in _findings(products))


def test_a_product_that_is_missing_or_invented_is_found() -> None:
    products = _true()
    products["tea"] = products.pop("bread")
    assert [mismatch.key for mismatch in _findings(products)] == [("all", "bread"), ("all", "tea")]


def test_where_some_store_ran_short_the_demand_says_nothing() -> None:
    assert TOTALS["milk"].undemanded is None
    products = _true()
    products["milk"] = products["milk"]._replace(on_hand=3, available=3)
    assert [mismatch.what for mismatch in _findings(products)] == [
        "on-hand over all stores is 3, pandas makes it 2"
    ]
