"""Catalog, carts and checkouts: the same on every engine, together with the stock they concern."""

import pytest

from surestock.cart.commands import (
    AddItem,
    BeginCheckout,
    BeginPlacing,
    CloseCart,
    CompleteCheckout,
    DropCart,
    FailCheckout,
    PutProduct,
    RemoveItem,
    SetItemQuantity,
)
from surestock.cart.model import Cart, Checkout, CheckoutKey, ExternalContext, Failure, Order
from surestock.cart.refusals import CartEmpty, CheckoutInProgress
from surestock.idempotency import make_key
from surestock.inventory.commands import ReleaseReservation
from surestock.inventory.model import StockKey
from surestock.inventory.refusals import NotFound, ReservationHeld
from surestock.ledger.port import Envelope
from tests.engine.desk import Desk, body, key

PHONE: StockKey = ("online", "phone")
CONTEXT = ExternalContext("here", "cart-1", {"token": "secret"})
ORDER = Order("o-1", "N1", 1000, "EUR")


async def fill(desk: Desk, user_id: str = "ann", qty: int = 2) -> None:
    """Sell phones, and put some into a cart."""
    if await desk.engine.find_level(PHONE) is None:
        await desk.stock(10, PHONE)
        await desk.do(PutProduct("phone", "Phone", "device", 500, "EUR", stocked=True))
    await desk.do(AddItem(user_id, "phone", qty))


async def cart_of(desk: Desk, user_id: str = "ann") -> Cart:
    """Read a cart that must be there."""
    found = await desk.engine.find_document((Cart.KIND, user_id))
    assert isinstance(found, Cart)
    return found


async def begin(desk: Desk, user_id: str = "ann") -> Checkout:
    """Begin a checkout, which must be possible."""
    await desk.do(BeginCheckout(user_id))
    found = await desk.engine.find_document((Checkout.KIND, user_id))
    assert isinstance(found, Checkout)
    return found


async def test_a_cart_is_read_as_it_was_answered(desk: Desk) -> None:
    await fill(desk)
    outcome = await desk.do(SetItemQuantity("ann", "phone", 3))
    cart = await cart_of(desk)
    assert (cart.version, cart.subtotal) == (2, 1500)
    assert outcome.reply.version == 2
    assert body(outcome)["items"][0]["lineTotal"] == 1500


async def test_a_checkout_moves_cart_and_stock_in_one_record(desk: Desk) -> None:
    await fill(desk)
    attempt = (await begin(desk)).attempt.attempt_id
    record = (await desk.records())[-1]
    assert [type(it).__name__ for it in record.events] == ["StockReserved", "CheckoutBegun"]
    assert record.id == attempt
    assert await desk.numbers(PHONE) == (10, 2, 2)
    await desk.refused(CheckoutInProgress, AddItem("ann", "phone", 1))
    await desk.do(BeginPlacing("ann", attempt, CONTEXT))
    await desk.do(CompleteCheckout("ann", attempt, ORDER))
    assert await desk.numbers(PHONE) == (8, 0, 3)
    assert await desk.status_of(attempt) == "committed"


async def test_a_failed_checkout_gives_cart_and_stock_back(desk: Desk) -> None:
    await fill(desk)
    attempt = (await begin(desk)).attempt.attempt_id
    await desk.do(FailCheckout("ann", attempt, Failure("PaymentDeclined", "No.")))
    assert await desk.numbers(PHONE) == (10, 0, 3)
    assert await desk.status_of(attempt) == "released"
    await desk.do(AddItem("ann", "phone", 1))


async def test_what_a_checkout_reserved_nobody_else_may_release(desk: Desk) -> None:
    await fill(desk)
    attempt = (await begin(desk)).attempt.attempt_id
    await desk.refused(ReservationHeld, ReleaseReservation(attempt))
    assert await desk.numbers(PHONE) == (10, 2, 2)


async def test_a_document_that_is_gone_is_gone_everywhere(desk: Desk) -> None:
    await fill(desk)
    await fill(desk, "bob")
    cart_id = (await cart_of(desk)).cart_id
    await desk.do(DropCart("ann"))
    assert await desk.engine.find_document((Cart.KIND, "ann")) is None
    assert [it.key[1] for it in await desk.engine.list_documents(Cart.KIND, "", 10)] == ["bob"]
    await desk.refused(NotFound, DropCart("ann"))
    await fill(desk)
    assert (await cart_of(desk)).cart_id != cart_id


async def test_documents_are_listed_in_order_page_by_page(desk: Desk) -> None:
    for user_id in ("eve", "ann", "dan", "bob"):
        await fill(desk, user_id, qty=1)
    pages = []
    after = ""
    while page := await desk.engine.list_documents(Cart.KIND, after, 3):
        pages.append([it.key[1] for it in page])
        after = pages[-1][-1]
    assert pages == [["ann", "bob", "dan"], ["eve"]]
    assert await desk.engine.list_documents(Checkout.KIND, "", 10) == []


async def test_a_bought_cart_is_let_go_of_and_the_checkout_kept(desk: Desk) -> None:
    await fill(desk)
    checkout = await begin(desk)
    attempt = checkout.attempt.attempt_id
    await desk.do(BeginPlacing("ann", attempt, CONTEXT))
    await desk.do(CompleteCheckout("ann", attempt, ORDER))
    await desk.do(CloseCart("ann", checkout.cart_id))
    assert await desk.engine.find_document((Cart.KIND, "ann")) is None
    kept = await desk.engine.find_document((Checkout.KIND, "ann"))
    assert isinstance(kept, Checkout)
    assert kept.order == ORDER


async def test_a_repeated_key_adds_an_item_once(desk: Desk) -> None:
    await fill(desk)
    command = AddItem("ann", "phone", 1)
    first = await desk.do(command, key(command))
    again = await desk.do(command, key(command))
    assert again.replayed
    assert again.reply.body == first.reply.body
    assert (await cart_of(desk)).items[0].qty == 3


async def test_a_key_that_begins_something_is_answered_by_its_end(desk: Desk) -> None:
    await fill(desk)
    named = make_key("ann", "POST", "/carts/ann/checkout", "k-1", "f")
    ask = CheckoutKey(named.key, named.digest, named.fingerprint)
    begun = Envelope(BeginCheckout("ann", None, ask), "ann", "r-1", named, begins=True)
    outcome = await desk.engine.transact(begun)
    assert not outcome.replayed
    assert await desk.engine.find_answer(named) is None
    found = await desk.engine.find_document((Checkout.KIND, "ann"))
    assert isinstance(found, Checkout)
    attempt = found.attempt.attempt_id
    await desk.do(BeginPlacing("ann", attempt, CONTEXT))
    end = await desk.do(CompleteCheckout("ann", attempt, ORDER), named)
    answer = await desk.engine.find_answer(named)
    assert answer is not None
    assert answer.replayed
    assert answer.reply.body == end.reply.body


async def test_a_refusal_at_the_beginning_answers_the_key(desk: Desk) -> None:
    await fill(desk)
    await desk.do(DropCart("ann"))
    await fill(desk)
    named = make_key("ann", "POST", "/carts/ann/checkout", "k-1", "f")
    begun = Envelope(BeginCheckout("bob"), "ann", "r-1", named, begins=True)
    for _ in range(2):
        with pytest.raises(NotFound):
            await desk.engine.transact(begun)
    with pytest.raises(NotFound):
        await desk.engine.find_answer(named)


async def test_a_failure_is_on_record_as_an_answer(desk: Desk) -> None:
    await fill(desk)
    attempt = (await begin(desk)).attempt.attempt_id
    named = make_key("ann", "POST", "/carts/ann/checkout", "k-1", "f")
    failed = FailCheckout("ann", attempt, Failure("PaymentDeclined", "No."))
    await desk.do(failed, named)
    answer = await desk.engine.find_answer(named)
    assert answer is not None
    assert answer.reply.failure == "PaymentDeclined"


async def test_an_empty_cart_is_not_checked_out(desk: Desk) -> None:
    await fill(desk)
    await desk.do(RemoveItem("ann", "phone"))
    await desk.refused(CartEmpty, BeginCheckout("ann"))
