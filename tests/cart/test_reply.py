"""What clients are told: exactly the members of the contract, and never what opens a cart."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from surestock.cart.commands import (
    AddItem,
    CloseCart,
    DropCart,
    NoteMirror,
    RemoveItem,
    RepeatCheckout,
)
from surestock.cart.refusals import Superseded
from surestock.cart.reply import cart_body, checkout_body
from tests.cart.shop import (
    ANN,
    CONTEXT,
    PLAN,
    SECRET,
    Shop,
    begun,
    complete,
    doubt,
    fail,
    place,
    with_cart,
)

COMPLETED = {
    "checkoutStatus": "completed",
    "orderId": "o-1",
    "orderNumber": "1001",
    "totals": {"subtotal": 210_00, "total": 119_00, "currency": "EUR"},
    "cartId": "r4",
}
RESULT = {name: value for name, value in COMPLETED.items() if name != "checkoutStatus"}


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def shown(shop: Shop) -> dict[str, object]:
    """Return the cart as a read shows it."""
    body = cart_body(shop.cart(), shop.checkout())
    return msgspec.json.decode(msgspec.json.encode(body), type=dict[str, object])


def test_a_cart_has_all_members_of_the_contract() -> None:
    shop = with_cart()
    now = written(shop.now)
    phone = {"sku": "phone", "name": "Phone", "type": "device", "qty": 2, "unitPrice": 100_00}
    plan = {"sku": PLAN, "name": "Plan", "type": "device", "qty": 1, "unitPrice": 10_00}
    assert shop.replies[-1].version == 2
    assert shop.replies[-1].created is False
    assert shop.body == {
        "cartId": "r4",
        "userId": ANN,
        "items": [
            phone | {"lineTotal": 200_00, "storeId": "online"},
            plan | {"lineTotal": 10_00},
        ],
        "totals": {"subtotal": 210_00, "currency": "EUR"},
        "version": 2,
        "createdAt": now,
        "updatedAt": now,
        "lastAccessedAt": now,
        "provider": None,
        "externalCartId": None,
        "syncStatus": "pending",
        "lastSyncedAt": None,
        "lastSyncError": None,
        "checkoutStatus": "pending",
        "checkoutStartedAt": None,
        "checkoutCompletedAt": None,
        "checkoutResult": None,
        "checkoutError": None,
        "sequence": 5,
    }


def test_a_synced_cart_tells_where_and_when_and_not_how_to_open_it() -> None:
    shop = with_cart()
    shop.do(NoteMirror(ANN, shop.cart().cart_id, CONTEXT, 2))
    body = shop.body
    assert (body["provider"], body["externalCartId"]) == ("shop", "ext-1")
    assert (body["syncStatus"], body["lastSyncedAt"]) == ("synced", written(shop.now))
    shop.do(NoteMirror(ANN, shop.cart().cart_id, CONTEXT, error="No answer."))
    assert (shop.body["syncStatus"], shop.body["lastSyncError"]) == ("failed", "No answer.")


def test_a_cart_tells_of_its_own_checkout() -> None:
    shop = begun()
    begun_at = written(shop.now)
    told = ("checkoutStatus", "checkoutStartedAt", "checkoutCompletedAt", "checkoutResult")
    assert [shown(shop)[name] for name in told] == ["in_progress", begun_at, None, None]
    shop.clock.advance(3)
    doubt(shop)
    assert shown(shop)["checkoutStatus"] == "unknown"
    assert shown(shop)["checkoutError"] == {"error": "OutcomeUnknown", "message": "No answer came."}
    complete(shop)
    now = written(shop.now)
    assert [shown(shop)[name] for name in told] == ["completed", begun_at, now, RESULT]
    assert shown(shop)["checkoutError"] is None


def test_a_failed_checkout_tells_why_and_is_never_completed() -> None:
    shop = begun()
    fail(shop)
    body = shown(shop)
    assert (body["checkoutStatus"], body["checkoutCompletedAt"]) == ("failed", None)
    assert body["checkoutError"] == {
        "error": "PaymentDeclined",
        "message": "The card was declined.",
    }


def test_the_checkout_of_another_cart_is_none_of_this_one() -> None:
    shop = begun()
    complete(shop)
    shop.do(AddItem(ANN, PLAN, 1))
    assert (shop.body["checkoutStatus"], shop.body["checkoutResult"]) == ("pending", None)


def test_a_read_tells_of_a_later_look_and_of_no_earlier_one() -> None:
    shop = begun()
    cart = shop.cart()
    for seconds in (-5, 5):
        at = cart.accessed_at + timedelta(seconds=seconds)
        assert cart_body(cart, None, at).last_accessed_at == max(at, cart.accessed_at)
    assert cart_body(cart, None).sequence is msgspec.UNSET


def test_a_completed_checkout_has_one_answer_whenever_it_is_asked_for() -> None:
    shop = begun()
    place(shop)
    complete(shop)
    assert shop.body == COMPLETED
    assert shop.replies[-1].failure is None
    again = msgspec.json.encode(checkout_body(shop.checkout()))
    assert again == bytes(shop.replies[-1].body)


def test_a_checkout_without_an_end_tells_how_it_stands() -> None:
    shop = begun()
    told = {
        "checkoutStatus": "in_progress",
        "cartId": "r4",
        "attemptId": "r6",
        "totals": {"subtotal": 210_00, "currency": "EUR"},
        "checkoutStartedAt": written(shop.now),
        "checkoutError": None,
    }
    assert shop.body == told
    doubt(shop)
    error = {"error": "OutcomeUnknown", "message": "No answer came."}
    assert shop.body == told | {"checkoutStatus": "unknown", "checkoutError": error}


def test_a_failure_is_answered_with_its_code_its_sentence_and_its_members() -> None:
    shop = begun()
    fail(shop)
    assert shop.replies[-1].failure == "PaymentDeclined"
    assert shop.body == {
        "code": "PaymentDeclined",
        "message": "The card was declined.",
        "members": {"tries": 2},
    }


@pytest.mark.parametrize("end", [complete, fail])
def test_one_more_key_is_answered_as_the_end_was_and_nothing_is_recorded(
    end: Callable[[Shop], object],
) -> None:
    shop = begun()
    repeat = RepeatCheckout(ANN, shop.attempt())
    shop.refused(Superseded, repeat)
    end(shop)
    told, records = shop.replies[-1], len(shop.records)
    shop.do(repeat)
    assert bytes(shop.replies[-1].body) == bytes(told.body)
    assert (shop.replies[-1].failure, len(shop.records)) == (told.failure, records)
    shop.refused(Superseded, RepeatCheckout(ANN, "r1"))


def test_what_is_gone_has_no_members_and_no_version() -> None:
    shop = with_cart()
    shop.do(DropCart(ANN))
    assert (shop.body, shop.replies[-1].version) == ({}, None)
    shop = begun()
    complete(shop)
    shop.do(CloseCart(ANN, shop.cart().cart_id))
    assert (shop.body, shop.replies[-1].version) == ({}, None)


def test_an_empty_cart_costs_nothing() -> None:
    shop = with_cart(plans=0)
    shop.do(RemoveItem(ANN, "phone"))
    assert (shop.body["items"], shop.body["totals"]["subtotal"]) == ([], 0)


@pytest.mark.parametrize("end", [complete, fail, doubt])
def test_nobody_is_told_what_opens_the_platforms_cart(end: Callable[[Shop], object]) -> None:
    shop = begun()
    shop.do(NoteMirror(ANN, shop.cart().cart_id, CONTEXT, 2))
    place(shop)
    end(shop)
    reads = (cart_body(shop.cart(), shop.checkout()), checkout_body(shop.checkout()))
    bodies = [bytes(reply.body) for reply in shop.replies]
    assert all(SECRET.encode() not in body for body in [*bodies, *map(msgspec.json.encode, reads)])
    assert SECRET.encode() in msgspec.json.encode(shop.records)
