"""Carts and checkouts are let go of only when nothing hangs on them any more."""

import pytest

from surestock.cart.commands import (
    AddItem,
    BeginCheckout,
    CloseCart,
    DropCart,
    ForgetCheckout,
    RemoveItem,
)
from surestock.cart.events import CartClosed, CheckoutForgotten
from surestock.cart.find import find_cart, find_checkout
from surestock.cart.refusals import CheckoutInProgress, Superseded
from surestock.inventory.refusals import NotFound
from tests.cart.shop import ANN, PLAN, begun, complete, doubt, fail, open_shop, with_cart


def test_a_dropped_cart_is_gone_and_the_next_one_is_another() -> None:
    shop = with_cart()
    old = shop.cart().cart_id
    shop.do(DropCart(ANN, 2, old))
    assert find_cart(shop, ANN) is None
    shop.refused(NotFound, DropCart(ANN))
    shop.do(AddItem(ANN, PLAN, 1))
    assert (shop.cart().cart_id == old, shop.cart().version) == (False, 1)
    shop.refused(Superseded, DropCart(ANN, cart_id=old))


def test_an_empty_cart_can_be_dropped() -> None:
    shop = with_cart(plans=0)
    shop.do(RemoveItem(ANN, "phone"))
    shop.do(DropCart(ANN))
    assert find_cart(shop, ANN) is None


def test_a_frozen_cart_cannot_be_dropped() -> None:
    shop = begun()
    shop.refused(CheckoutInProgress, DropCart(ANN))
    doubt(shop)
    shop.refused(CheckoutInProgress, DropCart(ANN))


def test_dropping_a_cart_keeps_what_is_known_of_its_failed_checkout() -> None:
    shop = begun()
    fail(shop)
    checkout = shop.checkout()
    shop.do(DropCart(ANN))
    assert find_checkout(shop, ANN) == checkout


def test_a_cart_is_closed_once_it_was_bought() -> None:
    shop = begun()
    cart_id = shop.cart().cart_id
    shop.refused(Superseded, CloseCart(ANN, cart_id))
    complete(shop)
    shop.refused(Superseded, CloseCart(ANN, "r1"))
    shop.do(CloseCart(ANN, cart_id))
    assert (find_cart(shop, ANN), shop.checkout().status) == (None, "completed")
    shop.refused(Superseded, CloseCart(ANN, cart_id))


def test_a_cart_whose_checkout_failed_is_not_closed() -> None:
    shop = begun()
    fail(shop)
    shop.refused(Superseded, CloseCart(ANN, shop.cart().cart_id))


def test_the_next_cart_is_not_closed_in_place_of_the_one_that_was_bought() -> None:
    shop = begun()
    bought = shop.cart().cart_id
    complete(shop)
    shop.do(AddItem(ANN, PLAN, 1))
    shop.refused(Superseded, CloseCart(ANN, bought))
    shop.refused(Superseded, CloseCart(ANN, shop.cart().cart_id))


@pytest.mark.parametrize("unknown", [False, True])
def test_an_open_checkout_is_not_forgotten(unknown: bool) -> None:  # noqa: FBT001 - a parameter
    shop = begun()
    if unknown:
        doubt(shop)
    shop.refused(Superseded, ForgetCheckout(ANN, shop.attempt()))


def test_forgetting_an_order_lets_go_of_the_cart_first_so_that_it_is_not_bought_again() -> None:
    shop = begun()
    complete(shop)
    attempt = shop.attempt()
    shop.refused(Superseded, ForgetCheckout(ANN, "r1"))
    record = shop.do(ForgetCheckout(ANN, attempt))
    assert [type(event) for event in record.events] == [CartClosed, CheckoutForgotten]
    assert (find_cart(shop, ANN), find_checkout(shop, ANN)) == (None, None)
    shop.refused(NotFound, BeginCheckout(ANN))
    shop.refused(Superseded, ForgetCheckout(ANN, attempt))


def test_forgetting_an_order_leaves_the_next_cart_alone() -> None:
    shop = begun()
    complete(shop)
    shop.do(AddItem(ANN, PLAN, 1))
    record = shop.do(ForgetCheckout(ANN, shop.attempt()))
    assert [type(event) for event in record.events] == [CheckoutForgotten]
    assert shop.wants() == {PLAN: 1}


def test_a_failure_can_be_forgotten_and_the_cart_stays() -> None:
    shop = begun()
    fail(shop)
    shop.do(ForgetCheckout(ANN, shop.attempt()))
    assert find_checkout(shop, ANN) is None
    shop.do(BeginCheckout(ANN))


def test_an_order_that_may_turn_up_is_not_forgotten_while_its_cart_can_be_bought() -> None:
    shop = begun()
    fail(shop, absent=True)
    shop.refused(Superseded, ForgetCheckout(ANN, shop.attempt()))
    shop.do(DropCart(ANN))
    shop.do(ForgetCheckout(ANN, shop.attempt()))


def test_who_has_nothing_has_nothing_to_let_go_of() -> None:
    shop = open_shop()
    shop.refused(NotFound, DropCart(ANN))
    shop.refused(Superseded, CloseCart(ANN, "r1"))
    shop.refused(Superseded, ForgetCheckout(ANN, "r1"))
