"""When several things are wrong: existence, then the version, then the checkout, then the wish."""

import pytest

from surestock.cart.commands import (
    AddItem,
    BeginCheckout,
    DropCart,
    RemoveItem,
    SetItemQuantity,
)
from surestock.cart.model import MAX_ITEM_QTY
from surestock.cart.refusals import (
    CartConflict,
    CartEmpty,
    CartFull,
    CheckoutInProgress,
    CurrencyConflict,
    PriceChanged,
    StoreConflict,
)
from surestock.inventory.refusals import InsufficientStock, LinesRefused, NotFound
from surestock.ledger.command import Command
from tests.cart.shop import ANN, PHONE, PLAN, begun, complete, open_shop, put, with_cart

TOO_MANY = MAX_ITEM_QTY + 1


def each_command(expected_version: int | None) -> list[Command]:
    return [
        AddItem(ANN, "phone", 1, expected_version=expected_version),
        SetItemQuantity(ANN, "phone", 1, expected_version=expected_version),
        RemoveItem(ANN, "phone", expected_version=expected_version),
        DropCart(ANN, expected_version=expected_version),
        BeginCheckout(ANN, expected_version=expected_version),
    ]


def test_without_a_cart_no_version_can_be_right() -> None:
    for command in each_command(1):
        open_shop().refused(NotFound, command)


def test_a_cart_that_was_bought_counts_as_none() -> None:
    shop = begun()
    complete(shop)
    for command in each_command(2):
        shop.refused(NotFound, command)
    for command in each_command(None)[1:]:
        shop.refused(NotFound, command)


def test_what_was_seen_of_the_cart_that_was_bought_is_no_condition_on_the_next() -> None:
    shop = begun()
    bought = shop.cart()
    complete(shop)
    shop.do(AddItem(ANN, "phone", 1))
    for version in range(1, bought.version + 1):
        for command in each_command(version):
            shop.refused(CartConflict, command)
    assert shop.cart().version == bought.version + 1


@pytest.mark.parametrize("version", [1, 3])
def test_the_version_comes_before_the_checkout(version: int) -> None:
    shop = begun()
    for command in each_command(version):
        refusal = shop.refused(CartConflict, command)
        assert (refusal.expected_version, refusal.current) == (version, shop.cart())


def test_the_checkout_comes_before_the_wish() -> None:
    shop = begun()
    shop.do(put("tea", currency="USD"))
    wishes = [AddItem(ANN, "tea", 1), AddItem(ANN, "phone", TOO_MANY, store_id="south")]
    for command in (*each_command(2), *wishes):
        assert shop.refused(CheckoutInProgress, command).checkout == shop.checkout()


def test_what_is_not_there_comes_before_the_version() -> None:
    shop = with_cart(plans=0)
    shop.refused(NotFound, AddItem(ANN, "gone", 1, expected_version=9))
    shop.refused(NotFound, SetItemQuantity(ANN, PLAN, 1, expected_version=9))
    shop.refused(NotFound, RemoveItem(ANN, PLAN, expected_version=9))


def test_the_currency_comes_before_the_store_and_that_before_the_room() -> None:
    shop = with_cart()
    wish = AddItem(ANN, "phone", TOO_MANY, store_id="south")
    shop.refused(StoreConflict, wish)
    shop.refused(CartFull, AddItem(ANN, "phone", TOO_MANY))
    shop.do(put("phone", currency="USD", stocked=True))
    shop.refused(CurrencyConflict, wish)


def test_a_checkout_looks_at_the_items_then_at_prices_and_then_at_the_stock() -> None:
    shop = with_cart(phones=11, plans=0)
    with_line = shop.refused(LinesRefused, BeginCheckout(ANN))
    assert shop.faults(with_line) == {PHONE: InsufficientStock}
    shop.do(put("phone", 1, stocked=True))
    shop.refused(PriceChanged, BeginCheckout(ANN))
    shop.do(RemoveItem(ANN, "phone"))
    shop.refused(CartEmpty, BeginCheckout(ANN))


@pytest.mark.parametrize("command", each_command(2), ids=lambda it: type(it).__name__)
def test_the_right_version_is_let_through(command: Command) -> None:
    shop = with_cart()
    records = len(shop.records)
    shop.do(command)
    assert len(shop.records) == records + 1
