"""A checkout: stock is reserved and the cart frozen in one record, and it has exactly one end."""

import pytest

from surestock.cart.commands import (
    AddItem,
    BeginCheckout,
    BeginPlacing,
    CompleteCheckout,
    DoubtCheckout,
    FailCheckout,
    RemoveItem,
)
from surestock.cart.events import CheckoutBegun, CheckoutCompleted, CheckoutFailed
from surestock.cart.model import Attempt, CheckoutKey
from surestock.cart.refusals import CheckoutInProgress, Superseded
from surestock.inventory.commands import CountStock, ReserveStock
from surestock.inventory.events import (
    ReservationCommitted,
    ReservationExpired,
    ReservationReleased,
    StockReserved,
)
from surestock.inventory.model import Line
from surestock.inventory.refusals import LinesRefused, NotFound
from surestock.ledger.command import Command
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
    place,
    put,
    with_cart,
)

ASK = CheckoutKey("k", "digest", "fingerprint")


def steps_of(user_id: str, attempt_id: str) -> list[Command]:
    return [
        BeginPlacing(user_id, attempt_id, CONTEXT),
        DoubtCheckout(user_id, attempt_id, "?"),
        CompleteCheckout(user_id, attempt_id, ORDER),
        FailCheckout(user_id, attempt_id, DECLINED),
    ]


def test_it_begins_with_one_record_that_reserves_what_is_stocked() -> None:
    shop = with_cart(phones=3)
    record = shop.do(BeginCheckout(ANN, 2, ASK))
    cart_id = shop.cart().cart_id
    assert record.events == (
        StockReserved(record.id, (Line(*PHONE, 3),), None, "checkout", ANN),
        CheckoutBegun(ANN, cart_id, record.id, True, ASK),  # noqa: FBT003 - an event's member
    )
    assert shop.numbers(PHONE) == (10, 3, 2)
    checkout = shop.checkout()
    assert (checkout.status, checkout.cart_id, checkout.ask) == ("in_progress", cart_id, ASK)
    assert checkout.attempt == Attempt(record.id, shop.now, reserved=True, version=2)
    assert (checkout.items, checkout.currency) == (shop.cart().items, "EUR")


def test_what_is_not_stocked_reserves_nothing() -> None:
    shop = begun(phones=0)
    assert (shop.reservations, shop.checkout().attempt.reserved) == ({}, False)
    complete(shop)
    assert shop.checkout().status == "completed"


def test_what_is_stocked_is_what_the_catalog_says_today() -> None:
    shop = with_cart(phones=2)
    shop.do(put("phone", 100_00))
    shop.do(put(PLAN, 10_00, stocked=True))
    shop.do(CountStock("main", PLAN, 1))
    shop.do(BeginCheckout(ANN, default_store_id="main"))
    assert shop.numbers(PHONE)[1] == 0
    assert shop.numbers(("main", PLAN))[1] == 1


def test_all_lines_are_reserved_or_none_and_the_cart_stays_free() -> None:
    shop = with_cart(phones=2)
    shop.do(put("case", 1, stocked=True))
    shop.do(AddItem(ANN, "case", 1))
    refusal = shop.refused(LinesRefused, BeginCheckout(ANN))
    assert shop.faults(refusal) == {("online", "case"): NotFound}
    assert shop.numbers(PHONE) == (10, 0, 1)
    shop.do(RemoveItem(ANN, "case"))
    shop.do(BeginCheckout(ANN))


def test_reservations_that_are_due_make_room_in_the_same_record() -> None:
    shop = with_cart(phones=10)
    shop.do(ReserveStock(*PHONE, 4, ttl_s=5))
    shop.refused(LinesRefused, BeginCheckout(ANN))
    shop.clock.advance(5)
    record = shop.do(BeginCheckout(ANN))
    kinds = [type(event) for event in record.events]
    assert kinds == [ReservationExpired, StockReserved, CheckoutBegun]
    assert shop.numbers(PHONE) == (10, 10, 3)


def test_two_users_cannot_buy_the_same_phone() -> None:
    shop = with_cart(phones=6)
    shop.do(AddItem(BOB, "phone", 6))
    shop.do(BeginCheckout(ANN))
    shop.refused(LinesRefused, BeginCheckout(BOB))
    fail(shop)
    shop.do(BeginCheckout(BOB))
    assert shop.numbers(PHONE)[:2] == (10, 6)


def test_a_second_checkout_waits_for_the_first() -> None:
    shop = begun()
    assert shop.refused(CheckoutInProgress, BeginCheckout(ANN)).checkout == shop.checkout()
    doubt(shop)
    shop.refused(CheckoutInProgress, BeginCheckout(ANN))


def test_placing_is_announced_once() -> None:
    shop = begun()
    shop.clock.advance(3)
    place(shop)
    attempt = shop.checkout().attempt
    assert (attempt.context, attempt.placing_at) == (CONTEXT, shop.now)
    shop.refused(Superseded, BeginPlacing(ANN, attempt.attempt_id, CONTEXT))


def test_nothing_is_placed_once_there_is_a_doubt() -> None:
    shop = begun()
    doubt(shop)
    shop.refused(Superseded, BeginPlacing(ANN, shop.attempt(), CONTEXT))


def test_an_order_takes_the_stock_and_is_kept() -> None:
    shop = begun(phones=3)
    place(shop)
    shop.clock.advance(2)
    record = complete(shop)
    assert record.events == (
        ReservationCommitted(shop.attempt(), (Line(*PHONE, 3),)),
        CheckoutCompleted(ANN, shop.attempt(), ORDER),
    )
    assert shop.numbers(PHONE) == (7, 0, 3)
    checkout = shop.checkout()
    assert (checkout.status, checkout.order, checkout.ended_at) == ("completed", ORDER, shop.now)


def test_a_failure_gives_the_stock_back_and_frees_the_cart() -> None:
    shop = begun(phones=3)
    record = fail(shop)
    assert record.events == (
        ReservationReleased(shop.attempt(), (Line(*PHONE, 3),)),
        CheckoutFailed(ANN, shop.attempt(), DECLINED),
    )
    assert shop.numbers(PHONE) == (10, 0, 3)
    assert (shop.checkout().status, shop.checkout().failure) == ("failed", DECLINED)
    shop.do(AddItem(ANN, "phone", 1))
    assert shop.wants()["phone"] == 4


def test_a_doubt_keeps_the_stock_reserved_and_may_be_told_again() -> None:
    shop = begun(phones=3)
    doubt(shop)
    shop.do(DoubtCheckout(ANN, shop.attempt(), "Still no answer."))
    assert (shop.checkout().status, shop.checkout().why_unknown) == ("unknown", "Still no answer.")
    assert shop.numbers(PHONE) == (10, 3, 2)
    complete(shop)
    assert (shop.checkout().status, shop.checkout().why_unknown) == ("completed", None)


@pytest.mark.parametrize("end", [complete, fail])
def test_an_end_is_the_end(end: object) -> None:
    shop = begun()
    assert callable(end)
    end(shop)
    stock = shop.numbers(PHONE)
    for step in steps_of(ANN, shop.attempt()):
        shop.refused(Superseded, step)
    assert shop.numbers(PHONE) == stock


def test_nothing_is_known_of_an_attempt_that_is_not_the_current_one() -> None:
    shop = begun()
    for step in (*steps_of(ANN, "r1"), *steps_of(BOB, shop.attempt())):
        shop.refused(Superseded, step)


def test_an_attempt_that_seemed_absent_is_remembered_as_long_as_its_cart_is_bought() -> None:
    shop = begun()
    place(shop)
    first = shop.checkout().attempt
    fail(shop, absent=True)
    shop.do(AddItem(ANN, PLAN, 1))
    shop.do(BeginCheckout(ANN))
    assert shop.checkout().absent == (first,)
    fail(shop)
    shop.do(BeginCheckout(ANN))
    second = shop.checkout().attempt
    fail(shop, absent=True)
    assert shop.checkout().absent == (first, second)


def test_a_new_cart_knows_nothing_of_attempts_for_the_old_one() -> None:
    shop = begun()
    fail(shop, absent=True)
    shop.do(BeginCheckout(ANN))
    complete(shop)
    shop.do(AddItem(ANN, PLAN, 1))
    shop.do(BeginCheckout(ANN))
    assert shop.checkout().absent == ()


def without_reservation(shop: Shop) -> None:
    del shop.reservations[shop.attempt()]


@pytest.mark.parametrize("end", [complete, fail])
def test_an_end_is_recorded_even_when_nothing_is_reserved_any_more(end: object) -> None:
    shop = begun(phones=3)
    without_reservation(shop)
    assert callable(end)
    record = end(shop)
    assert len(record.events) == 1
    assert record.levels == ()
    assert not shop.checkout().is_open


def test_after_an_order_the_next_item_opens_another_cart() -> None:
    shop = begun()
    bought = shop.cart()
    complete(shop)
    record = shop.do(AddItem(ANN, PLAN, 1))
    assert (shop.cart().cart_id, shop.cart().version) == (record.id, bought.version + 1)
    assert shop.wants() == {PLAN: 1}
    assert (shop.checkout().cart_id, shop.checkout().order) == (bought.cart_id, ORDER)
    shop.do(BeginCheckout(ANN))
    assert shop.checkout().order is None
