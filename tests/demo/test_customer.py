"""A customer takes what is there, and writes down what was acknowledged and nothing else."""

import pytest

from demo.basket import Basket
from demo.customer import PATIENCE, buy, settle
from demo.receipts import Receipts
from demo.till import Answer, UnexpectedAnswer
from tests.demo.shop import Script, Shop

BREAD, MILK, SALT = ("1", "bread"), ("1", "milk"), ("2", "salt")

pytestmark = pytest.mark.anyio


def _refusal(store: str, sku: str, available: int) -> Answer:
    fault = {"storeId": store, "sku": sku, "available": available}
    return Answer(409, {"error": "InsufficientStock", "lines": [fault]})


async def test_a_basket_that_is_there_is_one_reservation_and_its_commit() -> None:
    shop, receipts = Shop({BREAD: 5, MILK: 5}), Receipts()
    await buy(Basket(7, {BREAD: 2, MILK: 1}), shop.send, receipts)
    assert receipts == Receipts(sold=[(BREAD, 2), (MILK, 1)], baskets=1, reservations=1)
    assert shop.keys == ["basket-7-0-0", "basket-7-0-0-commit"]


async def test_after_a_refusal_the_rest_is_bought_under_a_new_key() -> None:
    shop, receipts = Shop({BREAD: 5, MILK: 1, SALT: 0}), Receipts()
    await buy(Basket(7, {BREAD: 2, MILK: 4, SALT: 1}), shop.send, receipts)
    assert receipts.sold == [(BREAD, 2), (MILK, 1)]
    assert (receipts.refusals, receipts.lines_cut, receipts.units_refused) == (1, 2, 4)
    assert shop.keys == ["basket-7-0-0", "basket-7-0-1", "basket-7-0-1-commit"]


async def test_a_customer_of_whom_everything_is_refused_goes_home_empty_handed() -> None:
    shop, receipts = Shop({BREAD: 0}), Receipts()
    await buy(Basket(7, {BREAD: 2}), shop.send, receipts)
    assert (receipts.sold, receipts.empty_handed, receipts.units_refused) == ([], 1, 2)


async def test_a_basket_over_the_limit_is_bought_in_parts() -> None:
    wanted = {("1", str(number)): 1 for number in range(161)}
    shop, receipts = Shop(wanted), Receipts()
    await buy(Basket(7, wanted), shop.send, receipts)
    assert (receipts.reservations, receipts.reservations_split) == (2, 1)
    assert dict(receipts.sold) == wanted


async def test_a_customer_who_always_comes_too_late_ends_and_says_so() -> None:
    receipts = Receipts()
    late = Script(_refusal("1", "bread", left) for left in range(100, 0, -1))
    await buy(Basket(7, {BREAD: 200}), late.send, receipts)
    assert (receipts.refusals, receipts.left_alone) == (PATIENCE + 1, {BREAD})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"error": "InternalError"}),
        Answer(409, {"error": "VersionConflict"}),
        Answer(409, {"error": "InsufficientStock", "lines": []}),
        _refusal("2", "salt", 0),
        _refusal("1", "bread", 2),
    ],
    ids=["failure", "other refusal", "names no line", "a line not asked for", "enough is there"],
)
async def test_an_answer_that_makes_no_sense_ends_the_sale(answer: Answer) -> None:
    with pytest.raises(UnexpectedAnswer):
        await buy(Basket(7, {BREAD: 2}), Script(iter([answer])).send, Receipts())


def test_a_customer_without_patience_drops_the_refused_lines_and_keeps_the_others() -> None:
    assert settle({BREAD: 2, MILK: 4}, {MILK: 3}, patient=True) == {BREAD: 2, MILK: 3}
    assert settle({BREAD: 2, MILK: 4}, {MILK: 3}, patient=False) == {BREAD: 2}
