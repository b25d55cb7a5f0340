"""The audit finds nothing after an honest sale, and finds each kind of dishonest one."""

from collections import Counter
from collections.abc import Callable

import pytest

from demo.basket import Basket, Quantities, StockKey
from demo.customer import buy
from demo.oracle import Level, Mismatch, audit, expectations
from demo.receipts import Receipts
from tests.demo.shop import Shop

BREAD, MILK, SALT = ("1", "bread"), ("1", "milk"), ("2", "salt")
OPENING = {BREAD: 9, MILK: 3, SALT: 6}
BASKETS = [
    Basket(1, {BREAD: 2, MILK: 2}),
    Basket(2, {MILK: 2, SALT: 1}),
    Basket(3, {BREAD: 4, SALT: 5}),
]
Levels = dict[StockKey, Level]

pytestmark = pytest.mark.anyio


async def _findings(
    shop: Shop, tamper: Callable[[Levels], object] = lambda levels: levels
) -> list[Mismatch]:
    """Sell the baskets, tamper with the levels read, and return what the audit says."""
    receipts = Receipts()
    demand: Quantities = Counter()
    for basket in BASKETS:
        demand.update(basket.wanted)
        await buy(basket, shop.send, receipts)
    sold = {
        key: (
            sum(units for other, units in receipts.sold if other == key),
            sum(other == key for other, _ in receipts.sold),
        )
        for key in demand
    }
    levels = shop.read()
    tamper(levels)
    return list(audit(expectations(shop.opening, demand, sold, receipts.left_alone), levels))


async def test_an_honest_sale_with_a_shortage_has_no_mismatch() -> None:
    shop = Shop(OPENING)
    assert await _findings(shop) == []
    assert {key: level.on_hand for key, level in shop.read().items()} == {
        BREAD: 3,
        MILK: 0,
        SALT: 0,
    }


@pytest.mark.parametrize(
    ("shop", "complaint"),
    [
        (Shop(OPENING, loses_commit=1), "the receipts leave"),
        (Shop(OPENING, doubles_commit=2), "the receipts leave"),
        (Shop(OPENING, forgets_commit=3), "still reserved"),
        (Shop(OPENING, refuses=1), "with enough stock"),
    ],
    ids=["lost update", "doubled update", "forgotten commit", "refusal without reason"],
)
async def test_a_single_fault_of_the_service_is_found(shop: Shop, complaint: str) -> None:
    assert any(complaint in mismatch.what for mismatch in await _findings(shop))


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (lambda levels: levels.pop(BREAD), "no level"),
        (lambda levels: levels.update({("3", "tea"): Level(1, 0, 1, 1)}), "nobody opened"),
        (lambda levels: levels.update({BREAD: Level(3, 0, 3, 6)}), "version is 6, 2 sales make 5"),
        (lambda levels: levels.update({BREAD: Level(3, 0, 2, 5)}), "not on-hand minus reserved"),
        (lambda levels: levels.update({MILK: Level(-1, 0, -1, 5)}), "oversold"),
        (lambda levels: levels.update({MILK: Level(1, 0, 1, 5)}), "somebody was refused"),
    ],
    ids=["missing", "unexpected", "version", "available", "oversold", "undersold"],
)
async def test_a_single_wrong_level_is_found(
    tamper: Callable[[Levels], object], complaint: str
) -> None:
    assert any(complaint in mismatch.what for mismatch in await _findings(Shop(OPENING), tamper))
