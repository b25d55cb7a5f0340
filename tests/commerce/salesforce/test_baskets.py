"""A basket holds what our cart does, whatever the site and the network make of the calls."""

import pytest
from msgspec.structs import replace

from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.errors import BadAnswer, CartExpired, CommerceError, Conflict, Unavailable
from tests.commerce.salesforce.fake.server import garbled, instead, lost, occupied
from tests.commerce.salesforce.fake.wire import Answer, document, problem
from tests.commerce.salesforce.lab import PHONE, SCARCE, SalesforceLab

OPEN, ITEMS, READ = "POST .*/baskets$", "POST .*/items", "GET .*/baskets/"


async def test_a_basket_that_is_in_the_way_makes_room_for_an_empty_one(lab: SalesforceLab) -> None:
    lab.fake.meet(OPEN, occupied(lab.fake))
    cart = await lab.provider.open_cart("EUR", "cart-1")
    assert (cart.lines, cart.currency) == ((), "EUR")
    assert list(lab.fake.shop.baskets) == [cart.context.external_cart_id]


async def test_a_basket_that_stays_in_the_way_is_a_conflict(lab: SalesforceLab) -> None:
    lab.fake.meet(OPEN, occupied(lab.fake))
    lab.fake.meet(OPEN, occupied(lab.fake))
    with pytest.raises(Conflict, match="customer-baskets-quota-exceeded"):
        await lab.provider.open_cart("EUR", "cart-1")


async def test_the_carts_id_is_told_where_there_is_an_attribute_for_it(lab: SalesforceLab) -> None:
    await lab.restarted(cart_attribute="c_cart").open_cart("EUR", "cart-1")
    (basket,) = lab.fake.shop.baskets.values()
    assert basket.custom == {"c_cart": "cart-1"}


@pytest.mark.parametrize("merges", [True, False])
async def test_adding_again_after_a_lost_answer_does_not_add(
    merges: bool,  # noqa: FBT001 -- a parameter of the example
    lab: SalesforceLab,
) -> None:
    lab.fake.shop.merges = merges
    shopper = await Shopper.enter(lab)
    lab.fake.meet(ITEMS, lost)
    with pytest.raises(Unavailable):
        await shopper.hold(PHONE, 2)
    await shopper.hold(PHONE, 2)
    assert shopper.quantities == {PHONE.sku: 2}
    (basket,) = lab.fake.shop.baskets.values()
    assert basket.held(PHONE.sku) == 2


async def test_adding_the_last_ones_again_after_a_lost_answer_is_not_too_many(
    lab: SalesforceLab,
) -> None:
    shopper = await Shopper.enter(lab)
    lab.fake.meet(ITEMS, lost)
    with pytest.raises(Unavailable):
        await shopper.hold(SCARCE, 3)
    await shopper.hold(SCARCE, 3)
    assert shopper.quantities == {SCARCE.sku: 3}


async def test_several_lines_of_an_article_are_one_and_become_one(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    (basket,) = lab.fake.shop.baskets.values()
    basket.items |= {"item-x": (PHONE.sku, 2), "item-y": (PHONE.sku, 4)}
    await shopper.look()
    assert shopper.quantities == {PHONE.sku: 7}
    await shopper.hold(PHONE, 5)
    assert [qty for _, qty in basket.items.values()] == [5]
    basket.items["item-z"] = (PHONE.sku, 1)
    await shopper.look()
    line = shopper.find_line(PHONE.sku)
    assert line is not None
    await shopper.drop(line)
    assert not basket.items


async def test_a_line_that_cannot_be_removed_is_told(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    line = shopper.find_line(PHONE.sku)
    assert line is not None
    lab.fake.meet("PATCH .*/items", instead(problem(409, "conflict")))
    with pytest.raises(Conflict):
        await shopper.drop(line)


async def test_what_the_site_gives_on_top_is_no_line_of_the_cart(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab)
    gift = {"itemId": "i", "productId": "gift", "quantity": 1, "bonusProductLineItem": True}
    basket = {"basketId": shopper.context.external_cart_id, "productItems": [gift]}
    lab.fake.meet(READ, instead(document(200, basket)))
    await shopper.look()
    assert shopper.cart.lines == ()
    assert (shopper.cart.currency, shopper.cart.total) == (None, None)


ITEM = {"itemId": "i", "productId": "phone-1", "quantity": 1}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"basketId": "another"}, BadAnswer),
        ({"productItems": [{**ITEM, "quantity": 1.5}]}, BadAnswer),
        ({"productItems": [{**ITEM, "quantity": "1"}]}, BadAnswer),
        ({"productItems": [{**ITEM, "quantity": -1}]}, BadAnswer),
        ({"productItems": [{**ITEM, "quantity": 1e30}]}, BadAnswer),
        ({"productItems": [{**ITEM, "basePrice": "sNaN"}], "currency": "EUR"}, BadAnswer),
        ({"productItems": [{**ITEM, "basePrice": 0.001}], "currency": "EUR"}, BadAnswer),
        ({"orderTotal": 1e300, "currency": "EUR"}, BadAnswer),
        ({"currency": "Euro", "orderTotal": 1}, BadAnswer),
        ({"c_padding": "x" * 1_100_000}, BadAnswer),
        (b"<html>", BadAnswer),
        (b"[" * 100_000, BadAnswer),
        (problem(400, "bad-request"), CartExpired),
        (problem(404, "shipment-not-found"), Conflict),
        (Answer(302), BadAnswer),
        (Answer(504), Unavailable),
    ],
)
async def test_an_answer_that_is_no_basket_is_named(
    answer: dict[str, object] | bytes | Answer, error: type[CommerceError], lab: SalesforceLab
) -> None:
    shopper = await Shopper.enter(lab)
    if isinstance(answer, dict):
        answer = document(200, {"basketId": shopper.context.external_cart_id, **answer})
    if isinstance(answer, bytes):
        answer = Answer(200, answer)
    lab.fake.meet(READ, instead(answer))
    with pytest.raises(error):
        await shopper.look()
    await shopper.look()


async def test_an_article_that_was_not_added_though_it_was_said_so_is_a_bad_answer(
    lab: SalesforceLab,
) -> None:
    shopper = await Shopper.enter(lab)
    empty = document(200, {"basketId": shopper.context.external_cart_id})
    lab.fake.meet(ITEMS, instead(empty))
    with pytest.raises(BadAnswer, match="did not add"):
        await shopper.hold(PHONE, 1)


async def test_closing_tells_what_went_wrong(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab)
    lab.fake.meet("DELETE", garbled(Answer(503)))
    with pytest.raises(Unavailable):
        await lab.provider.close_cart(shopper.context)
    await lab.provider.close_cart(shopper.context)
    await lab.provider.close_cart(replace(shopper.context, secrets={}))
