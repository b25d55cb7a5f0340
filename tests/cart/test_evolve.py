"""An event that cannot follow is a defect or a damaged log, and says so: nothing is made of it."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from surestock.cart import events as ev
from surestock.cart.find import find_cart, find_product
from surestock.cart.model import MAX_ITEM_QTY, MAX_UNIT_PRICE, MOST_ITEMS, Item
from surestock.inventory.events import ReservationReleased, StockReserved
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.model import Line
from surestock.inventory.view import Changes
from surestock.ledger.event import Event
from surestock.ledger.evolve import evolve
from tests.cart.shop import (
    ANN,
    BOB,
    CONTEXT,
    DECLINED,
    ORDER,
    PHONE,
    PLAN,
    Shop,
    begun,
    complete,
    doubt,
    fail,
    open_shop,
    place,
    with_cart,
)

TEA = Item("tea", "Tea", "addon", 1, 5)


def ended(end: Callable[[Shop], object]) -> Shop:
    shop = begun()
    end(shop)
    return shop


def placing() -> Shop:
    return ended(place)


def completed() -> Shop:
    return ended(complete)


def failed() -> Shop:
    return ended(fail)


def full() -> Shop:
    shop = with_cart()
    cart = shop.cart()
    items = tuple(replace(TEA, sku=f"p{number}") for number in range(MOST_ITEMS))
    shop.documents[cart.key] = replace(cart, items=items)
    return shop


def put(version: int, price: int = 1) -> ev.ProductPut:
    return ev.ProductPut("phone", "Phone", "device", price, "EUR", stocked=True, version=version)


def repriced(*items: Item) -> ev.CartRepriced:
    return ev.CartRepriced(ANN, items, 3)


PLANS = Item(PLAN, "Plan", "device", 1, 9)
PHONES = Item("phone", "Phone", "device", 2, 9)

IMPOSSIBLE: list[tuple[str, Callable[[], Shop], Event]] = [
    ("does not follow: 2 would", open_shop, put(1)),
    ("does not follow: 2 would", open_shop, put(3)),
    ("impossible price", open_shop, put(2, -1)),
    ("impossible price", open_shop, put(2, MAX_UNIT_PRICE + 1)),
    ("was not bought", with_cart, ev.CartOpened(ANN, "c2", "EUR")),
    ("was not bought", failed, ev.CartOpened(ANN, "c2", "EUR")),
    ("was not bought", begun, ev.CartOpened(ANN, "c2", "EUR")),
    ("opened beside", completed, ev.CartOpened(ANN, "r4", "EUR")),
    ("who has none", with_cart, ev.ItemPut(BOB, TEA, 1)),
    ("does not follow: 3 would", with_cart, ev.ItemPut(ANN, TEA, 2)),
    ("does not follow: 3 would", with_cart, ev.ItemPut(ANN, TEA, 4)),
    ("does not follow: 3 would", with_cart, ev.ItemRemoved(ANN, PLAN, 2)),
    ("whose checkout is in_progress", begun, ev.ItemPut(ANN, TEA, 3)),
    ("whose checkout is completed", completed, ev.ItemPut(ANN, TEA, 3)),
    ("whose checkout is in_progress", begun, ev.ItemRemoved(ANN, PLAN, 3)),
    ("whose checkout is in_progress", begun, ev.CartDropped(ANN, "r4")),
    ("whose checkout is in_progress", begun, repriced(PHONES, PLANS)),
    ("impossible item", with_cart, ev.ItemPut(ANN, replace(TEA, qty=0), 3)),
    ("impossible item", with_cart, ev.ItemPut(ANN, replace(TEA, qty=MAX_ITEM_QTY + 1), 3)),
    ("impossible item", with_cart, ev.ItemPut(ANN, replace(TEA, stocked=True), 3)),
    ("impossible price", with_cart, ev.ItemPut(ANN, replace(TEA, unit_price=-1), 3)),
    ("a cart of 101 items", full, ev.ItemPut(ANN, TEA, 3)),
    ("is not in the cart", with_cart, ev.ItemRemoved(ANN, "tea", 3)),
    ("new prices for other items", with_cart, repriced(PHONES)),
    ("new prices for other items", with_cart, repriced(PLANS, PHONES)),
    ("new prices for other items", with_cart, repriced(replace(PHONES, qty=3), PLANS)),
    ("impossible price", with_cart, repriced(replace(PHONES, unit_price=-1), PLANS)),
    ("needs cart c2 of user ann, but it is r4", with_cart, ev.CartDropped(ANN, "c2")),
    ("needs cart r4 of user bob, but it is None", with_cart, ev.CartDropped(BOB, "r4")),
    ("needs cart c2", with_cart, ev.CartSynced(ANN, "c2", 1)),
    ("needs cart c2", with_cart, ev.CartSyncFailed(ANN, "c2", "x")),
    ("was synced before", with_cart, ev.CartSynced(ANN, "r4", 3)),
    ("needs cart c2", with_cart, ev.CheckoutBegun(ANN, "c2", "a", reserved=False)),
    ("says reserved: True", with_cart, ev.CheckoutBegun(ANN, "r4", "a", reserved=True)),
    ("whose checkout is in_progress", begun, ev.CheckoutBegun(ANN, "r4", "a", reserved=False)),
    ("whose checkout is completed", completed, ev.CheckoutBegun(ANN, "r4", "a", reserved=False)),
    ("needs attempt a of user ann", begun, ev.PlacingBegun(ANN, "a", CONTEXT)),
    ("needs attempt a of user bob, but it is None", begun, ev.PlacingBegun(BOB, "a", CONTEXT)),
    ("placed twice", placing, ev.PlacingBegun(ANN, "r6", CONTEXT)),
    ("placed twice", lambda: ended(doubt), ev.PlacingBegun(ANN, "r6", CONTEXT)),
    ("open, but it is failed", failed, ev.PlacingBegun(ANN, "r6", CONTEXT)),
    ("open, but it is failed", failed, ev.CheckoutDoubted(ANN, "r6", "?")),
    ("open, but it is failed", failed, ev.CheckoutCompleted(ANN, "r6", ORDER)),
    ("open, but it is completed", completed, ev.CheckoutCompleted(ANN, "r6", ORDER)),
    ("open, but it is completed", completed, ev.CheckoutFailed(ANN, "r6", DECLINED)),
    ("needs attempt a", begun, ev.CheckoutCompleted(ANN, "a", ORDER)),
    ("its stock is still reserved", begun, ev.CheckoutCompleted(ANN, "r6", ORDER)),
    ("its stock is still reserved", begun, ev.CheckoutFailed(ANN, "r6", DECLINED)),
    ("closed, but not bought", with_cart, ev.CartClosed(ANN, "r4")),
    ("closed, but not bought", begun, ev.CartClosed(ANN, "r4")),
    ("closed, but not bought", failed, ev.CartClosed(ANN, "r4")),
    ("needs cart c2", completed, ev.CartClosed(ANN, "c2")),
    ("while it mattered", begun, ev.CheckoutForgotten(ANN, "r6")),
    ("while it mattered", completed, ev.CheckoutForgotten(ANN, "r6")),
    ("needs attempt a", completed, ev.CheckoutForgotten(ANN, "a")),
]


@pytest.mark.parametrize(("message", "make", "event"), IMPOSSIBLE)
def test_an_event_that_cannot_follow_is_refused(
    message: str, make: Callable[[], Shop], event: Event
) -> None:
    shop = make()
    changes = Changes(shop, shop.now)
    with pytest.raises(InvariantViolation, match=message):
        evolve(changes, event)
    assert changes.documents == {}


def test_stock_that_a_checkout_reserved_must_be_said_to_be_so() -> None:
    shop = with_cart()
    for held_for, reserved in ((ANN, False), (BOB, True), (None, True)):
        changes = Changes(shop, shop.now)
        evolve(changes, StockReserved("a", (Line(*PHONE, 1),), held_for=held_for))
        with pytest.raises(InvariantViolation, match=f"says reserved: {reserved}"):
            evolve(changes, ev.CheckoutBegun(ANN, "r4", "a", reserved=reserved))


def test_a_released_reservation_holds_nothing_for_a_checkout() -> None:
    shop = with_cart()
    line = Line(*PHONE, 1)
    changes = Changes(shop, shop.now)
    evolve(changes, StockReserved("a", (line,), held_for=ANN))
    evolve(changes, ReservationReleased("a", (line,)))
    with pytest.raises(InvariantViolation, match="says reserved: True"):
        evolve(changes, ev.CheckoutBegun(ANN, "r4", "a", reserved=True))


def test_an_empty_cart_is_not_bought() -> None:
    shop = with_cart()
    cart = shop.cart()
    shop.documents[cart.key] = replace(cart, items=())
    with pytest.raises(InvariantViolation, match="which is empty or not the only one"):
        evolve(Changes(shop, shop.now), ev.CheckoutBegun(ANN, "r4", "a", reserved=False))


def test_a_record_that_touches_a_cart_twice_raises_its_version_once() -> None:
    shop = with_cart()
    changes = Changes(shop, shop.now)
    evolve(changes, ev.CartSynced(ANN, "r4", 2))
    evolve(changes, ev.ItemPut(ANN, TEA, 3))
    evolve(changes, ev.ItemRemoved(ANN, PLAN, 3))
    cart = find_cart(changes, ANN)
    assert cart is not None
    assert (cart.version, [item.sku for item in cart.items]) == (3, ["phone", "tea"])
    with pytest.raises(InvariantViolation, match="does not follow: 3 would"):
        evolve(changes, ev.ItemPut(ANN, TEA, 4))


def test_a_record_that_puts_a_product_twice_raises_its_version_once() -> None:
    shop = open_shop()
    changes = Changes(shop, shop.now)
    for price in (1, 2):
        evolve(changes, put(2, price))
    product = find_product(changes, "phone")
    assert product is not None
    assert (product.version, product.unit_price) == (2, 2)


def test_changes_are_a_layer_and_leave_what_is_below_alone() -> None:
    shop = with_cart()
    before = shop.cart()
    changes = Changes(shop, shop.now)
    evolve(changes, ev.CartDropped(ANN, "r4"))
    assert (find_cart(changes, ANN), shop.cart()) == (None, before)
