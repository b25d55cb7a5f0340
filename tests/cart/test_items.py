"""What is in a cart: quantities add up, prices are the catalog's, and one record is one version."""

import pytest

from surestock.cart.commands import AddItem, RemoveItem, SetItemQuantity
from surestock.cart.events import CartOpened, ItemPut
from surestock.cart.find import find_cart
from surestock.cart.model import MAX_ITEM_QTY, MOST_ITEMS, Cart, Item
from surestock.cart.refusals import CartFull, CurrencyConflict, StoreConflict
from surestock.inventory.refusals import NotFound
from tests.cart.shop import ANN, BOB, PLAN, open_shop, put, with_cart


def test_the_first_item_opens_the_cart_at_version_1() -> None:
    shop = open_shop()
    assert find_cart(shop, ANN) is None
    record = shop.do(AddItem(ANN, "phone", 2))
    item = Item("phone", "Phone", "device", 2, 100_00, stocked=True, store_id="online")
    assert record.events == (CartOpened(ANN, record.id, "EUR"), ItemPut(ANN, item, 1))
    now = shop.now
    assert shop.cart() == Cart(ANN, record.id, "EUR", (item,), 1, now, now, now)


def test_adding_adds_to_what_is_there_and_takes_todays_price_and_name() -> None:
    shop = with_cart(phones=2)
    shop.do(put("phone", 90_00, stocked=True))
    shop.clock.advance(5)
    shop.do(AddItem(ANN, "phone", 3))
    cart = shop.cart()
    assert (cart.items[0].qty, cart.items[0].unit_price) == (5, 90_00)
    assert (cart.version, cart.subtotal) == (3, 5 * 90_00 + 10_00)
    assert cart.updated_at == cart.accessed_at == shop.now != cart.created_at


def test_items_stay_in_the_order_in_which_they_came() -> None:
    shop = with_cart()
    shop.do(SetItemQuantity(ANN, "phone", 7))
    assert list(shop.wants()) == ["phone", PLAN]
    shop.do(RemoveItem(ANN, "phone"))
    shop.do(AddItem(ANN, "phone", 1))
    assert list(shop.wants()) == [PLAN, "phone"]


def test_a_stocked_product_comes_from_a_store_and_another_only_if_it_is_named() -> None:
    shop = open_shop()
    shop.do(AddItem(ANN, "phone", 1, default_store_id="main"))
    shop.do(AddItem(ANN, PLAN, 1))
    assert [item.store_id for item in shop.cart().items] == ["main", None]
    shop.do(AddItem(BOB, "phone", 1, store_id="north"))
    shop.do(AddItem(BOB, PLAN, 1, store_id="north"))
    assert [item.store_id for item in shop.cart(BOB).items] == ["north", "north"]


def test_adding_again_without_a_store_keeps_the_one_that_it_comes_from() -> None:
    shop = open_shop()
    shop.do(AddItem(ANN, "phone", 1, store_id="north"))
    shop.do(AddItem(ANN, "phone", 1))
    shop.do(AddItem(ANN, "phone", 1, store_id="north"))
    assert shop.cart().items[0].store_id == "north"
    assert shop.refused(StoreConflict, AddItem(ANN, "phone", 1, store_id="south")).held == "north"


def test_a_product_that_is_stocked_by_now_comes_from_the_default_store() -> None:
    shop = with_cart()
    shop.do(put(PLAN, 10_00, stocked=True))
    shop.do(SetItemQuantity(ANN, PLAN, 2))
    assert (shop.cart().items[1].stocked, shop.cart().items[1].store_id) == (True, "online")


def test_a_quantity_is_set_for_what_is_in_the_cart_only() -> None:
    shop = with_cart(plans=0)
    shop.do(SetItemQuantity(ANN, "phone", 9))
    assert shop.wants() == {"phone": 9}
    shop.refused(NotFound, SetItemQuantity(ANN, PLAN, 9))
    shop.refused(NotFound, SetItemQuantity(BOB, "phone", 9))


def test_setting_the_same_quantity_is_a_record_too() -> None:
    shop = with_cart(plans=0)
    shop.do(SetItemQuantity(ANN, "phone", 2))
    assert shop.cart().version == 2


def test_removing_the_last_item_leaves_an_empty_cart() -> None:
    shop = with_cart(plans=0)
    shop.do(RemoveItem(ANN, "phone"))
    assert (shop.cart().items, shop.cart().version, shop.cart().subtotal) == ((), 2, 0)
    shop.refused(NotFound, RemoveItem(ANN, "phone"))


def test_a_cart_holds_one_currency() -> None:
    shop = with_cart()
    shop.do(put("tea", 1, currency="USD"))
    refusal = shop.refused(CurrencyConflict, AddItem(ANN, "tea", 1))
    assert (refusal.currency, refusal.cart_currency) == ("USD", "EUR")
    shop.do(put("phone", 1, currency="USD", stocked=True))
    shop.refused(CurrencyConflict, SetItemQuantity(ANN, "phone", 1))


def test_a_cart_holds_so_many_items_and_no_more() -> None:
    shop = open_shop()
    for number in range(MOST_ITEMS + 1):
        shop.do(put(f"p{number}"))
    for number in range(MOST_ITEMS):
        shop.do(AddItem(ANN, f"p{number}", 1))
    assert shop.refused(CartFull, AddItem(ANN, f"p{MOST_ITEMS}", 1)).limit == MOST_ITEMS
    shop.do(AddItem(ANN, "p0", 1))
    assert len(shop.cart().items) == MOST_ITEMS


def test_a_cart_holds_so_many_of_one_and_no_more() -> None:
    shop = with_cart(phones=MAX_ITEM_QTY)
    assert shop.refused(CartFull, AddItem(ANN, "phone", 1)).limit == MAX_ITEM_QTY
    shop.refused(CartFull, SetItemQuantity(ANN, "phone", MAX_ITEM_QTY + 1))
    shop.refused(CartFull, AddItem(BOB, "phone", MAX_ITEM_QTY + 1))
    shop.do(SetItemQuantity(ANN, "phone", MAX_ITEM_QTY))


@pytest.mark.parametrize("user_id", [ANN, BOB])
def test_what_is_not_sold_is_not_found(user_id: str) -> None:
    with_cart().refused(NotFound, AddItem(user_id, "gone", 1))


def test_carts_of_two_users_know_nothing_of_each_other() -> None:
    shop = with_cart()
    shop.do(AddItem(BOB, "phone", 1))
    assert (shop.wants(ANN), shop.wants(BOB)) == ({"phone": 2, PLAN: 1}, {"phone": 1})
    assert shop.cart(ANN).cart_id != shop.cart(BOB).cart_id
