"""Checkouts over HTTP, with the real desk: one order, whatever happens, and a true state."""

import asyncio
from typing import Any

import pytest

from surestock.cart.events import CheckoutCompleted
from surestock.checkout.config import CheckoutConfig
from surestock.inventory.central import Central
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Engine
from tests.api.desk import problem
from tests.api.till import CART, CHECKOUT, ITEMS, Till, open_till

PENDING = {"payment": {"method": "pending"}}


async def test_a_checkout_answers_with_its_order(till: Till) -> None:
    await till.fill(qty=2)
    cart = (await till.api.get(CART)).json()
    answer = await till.api.post(CHECKOUT)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    total = 2 * 49900 + 1999
    assert body == {
        "checkoutStatus": "completed",
        "orderId": body["orderId"],
        "orderNumber": body["orderNumber"],
        "totals": {"subtotal": total, "total": total, "currency": "EUR"},
        "cartId": cart["cartId"],
    }
    assert int(answer.headers["x-commit-sequence"]) > 0
    assert (await till.shop.level()).on_hand == 8
    assert (await till.api.get(CART)).status_code == 404
    assert (await till.api.get(CHECKOUT)).json() == body
    assert till.shop.orders == 1


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
async def test_a_repeat_gets_the_same_order_again(till: Till, headers: dict[str, str]) -> None:
    await till.fill()
    first = await till.api.post(CHECKOUT, **headers)
    again = await till.api.post(CHECKOUT, **headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (till.shop.orders, till.api.metrics.idempotent_hits) == (1, 1)


async def test_five_clicks_at_once_make_one_order(till: Till) -> None:
    await till.fill()
    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(till.api.post(CHECKOUT)) for _ in range(5)]
    assert {task.result().content for task in sent} == {sent[0].result().content}
    assert {task.result().status_code for task in sent} == {200}
    assert till.shop.orders == 1


async def test_a_key_that_was_used_for_another_payment_is_a_conflict(till: Till) -> None:
    await till.fill()
    await till.api.post(CHECKOUT, {"payment": {"token": "t-1"}}, idempotency_key="k")
    answer = await till.api.post(CHECKOUT, {"payment": {"token": "t-2"}}, idempotency_key="k")
    assert (answer.status_code, problem(answer)["error"]) == (409, "IdempotencyConflict")


async def test_a_declined_payment_leaves_the_cart_to_be_bought_otherwise(till: Till) -> None:
    await till.fill()
    answer = await till.api.post(CHECKOUT, {"payment": {"method": "declined"}})
    assert (answer.status_code, problem(answer)["error"]) == (402, "PaymentDeclined")
    state = (await till.api.get(CHECKOUT)).json()
    assert (state["checkoutStatus"], state["checkoutError"]["error"]) == (
        "failed",
        "PaymentDeclined",
    )
    assert (await till.api.get(CART)).json()["checkoutStatus"] == "failed"
    assert (await till.shop.level()).available == 10
    assert (await till.api.post(CHECKOUT)).status_code == 200


async def test_what_nobody_knows_is_202_and_the_cart_stays_frozen(till: Till) -> None:
    await till.fill()
    answer = await till.api.post(CHECKOUT, PENDING, idempotency_key="k")
    assert answer.status_code == 202
    assert answer.json() == {"checkoutStatus": "unknown", "statusUrl": CHECKOUT}
    assert answer.headers["location"] == CHECKOUT
    assert int(answer.headers["retry-after"]) >= 1
    assert "idempotent-replayed" not in answer.headers
    state = (await till.api.get(CHECKOUT)).json()
    assert (state["checkoutStatus"], state["checkoutError"]["error"]) == (
        "unknown",
        "OutcomeUnknown",
    )
    for refused in (
        await till.api.post(ITEMS, {"sku": "plan", "qty": 1}),
        await till.api.patch(f"{ITEMS}/plan", {"qty": 2}),
        await till.api.delete(f"{ITEMS}/plan"),
        await till.api.delete(CART),
    ):
        members = problem(refused)
        assert (refused.status_code, members["error"]) == (409, "CheckoutInProgress")
        assert (members["checkoutStatus"], members["statusUrl"]) == ("unknown", CHECKOUT)


async def test_a_202_is_not_remembered_for_its_key(till: Till) -> None:
    await till.fill()
    assert (await till.api.post(CHECKOUT, PENDING, idempotency_key="k")).status_code == 202
    till.shop.advance(60)  # the platform has its money by then
    answer = await till.api.post(CHECKOUT, PENDING, idempotency_key="k")
    assert (answer.status_code, answer.json()["checkoutStatus"]) == (200, "completed")
    assert till.shop.orders == 1


async def test_a_client_that_cannot_wait_is_told_where_to_ask(
    opened: tuple[Engine, Central], clock: ManualClock
) -> None:
    async with open_till(*opened, clock, CheckoutConfig(answer_s=0.01)) as till:
        await till.fill()
        going = till.script.hold("place_order")
        answer = await till.api.post(CHECKOUT)
        assert (answer.status_code, answer.json()["checkoutStatus"]) == (202, "in_progress")
        going.set()
        await till.shop.until_placing()
        async with asyncio.timeout(30):
            while (await till.api.get(CHECKOUT)).json()["checkoutStatus"] != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0)


async def test_an_empty_cart_cannot_be_bought(till: Till) -> None:
    assert (await till.api.post(CHECKOUT)).status_code == 404
    assert (await till.api.get(CHECKOUT)).status_code == 404
    await till.api.post(ITEMS, {"sku": "plan", "qty": 1})
    await till.api.delete(f"{ITEMS}/plan")
    answer = await till.api.post(CHECKOUT)
    assert (answer.status_code, problem(answer)["error"]) == (409, "CartEmpty")
    assert (await till.api.get(CHECKOUT)).json() == {"checkoutStatus": "pending"}
    assert till.script.calls == {}


async def test_a_price_that_changed_is_told_with_the_old_and_the_new(till: Till) -> None:
    await till.fill()
    product = (await till.api.get("/catalog/phone")).json()
    for name in ("sku", "version", "updatedAt"):
        del product[name]
    await till.api.put("/catalog/phone", {**product, "unitPrice": 1})
    answer = await till.api.post(CHECKOUT)
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "PriceChanged")
    assert members["changes"] == [{"sku": "phone", "old": 49900, "new": 1, "currency": "EUR"}]
    synced = await till.api.post(f"{CART}/sync")
    assert (synced.status_code, synced.json()["syncStatus"]) == (200, "synced")
    assert synced.json()["totals"]["subtotal"] == 1 + 1999
    assert (await till.api.post(CHECKOUT)).status_code == 200


async def test_too_little_stock_lists_the_lines(till: Till) -> None:
    await till.fill(qty=11)
    answer = await till.api.post(CHECKOUT)
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "InsufficientStock")
    [line] = members["lines"]
    assert (line["sku"], line["available"], line["requested"]) == ("phone", 10, 11)
    assert till.script.calls == {}


async def test_a_cart_that_changed_since_it_was_shown_is_not_bought(till: Till) -> None:
    await till.fill()
    answer = await till.api.post(CHECKOUT, if_match='"1"')
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "VersionConflict")
    assert (members["currentVersion"], members["current"]["version"]) == (2, 2)
    assert (await till.api.post(CHECKOUT, {"expectedVersion": 1})).status_code == 409
    assert (await till.api.post(CHECKOUT, if_match='W/"2"')).status_code == 409
    assert (await till.api.post(CHECKOUT, if_match='"2"')).status_code == 200


async def test_a_platform_that_is_not_there_is_503_and_nothing_is_lost(till: Till) -> None:
    await till.fill()
    till.script.down = True
    answer = await till.api.post(CHECKOUT, idempotency_key="k")
    assert (answer.status_code, problem(answer)["error"]) == (503, "ProviderUnavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await till.api.post(f"{CART}/sync")).status_code == 503
    assert (await till.shop.level()).available == 10
    till.script.down = False
    assert (await till.api.post(CHECKOUT, idempotency_key="k")).status_code == 200


async def _unknown(till: Till) -> dict[str, Any]:
    await till.fill()
    assert (await till.api.post(CHECKOUT, PENDING)).status_code == 202
    state: dict[str, Any] = (await till.api.get(CHECKOUT)).json()
    return state


async def test_a_person_who_saw_the_order_says_so(till: Till) -> None:
    state = await _unknown(till)
    found = {
        "attemptId": state["attemptId"],
        "outcome": "completed",
        "orderId": "o-1",
        "orderNumber": "100001",
        "total": 51899,
        "reason": "seen in the list of orders",
    }
    answer = await till.api.post(f"{CHECKOUT}/resolve", found)
    assert answer.status_code == 200
    assert (answer.json()["checkoutStatus"], answer.json()["orderId"]) == ("completed", "o-1")
    assert int(answer.headers["x-commit-sequence"]) > 0
    assert (await till.api.post(CHECKOUT)).json() == answer.json()
    again = await till.api.post(f"{CHECKOUT}/resolve", found)
    members = problem(again)
    assert (again.status_code, members["error"]) == (409, "CheckoutResolved")
    assert members["checkout"] == answer.json()
    kept = (await till.shop.engine.records(0, 100))[-2].events[-1]
    assert isinstance(kept, CheckoutCompleted)
    assert kept.reason == "seen in the list of orders"


async def test_a_person_who_saw_none_sets_the_cart_free(till: Till) -> None:
    state = await _unknown(till)
    found = {"attemptId": state["attemptId"], "outcome": "failed", "reason": "no order there"}
    answer = await till.api.post(f"{CHECKOUT}/resolve", found)
    assert (answer.status_code, answer.json()["checkoutStatus"]) == (200, "failed")
    assert (await till.shop.level()).available == 10
    assert (await till.api.patch(f"{ITEMS}/plan", {"qty": 2})).status_code == 200


async def test_a_word_on_another_attempt_is_not_taken(till: Till) -> None:
    found = {"attemptId": "none", "outcome": "failed", "reason": "no order there"}
    assert (await till.api.post(f"{CHECKOUT}/resolve", found)).status_code == 404
    await _unknown(till)
    answer = await till.api.post(f"{CHECKOUT}/resolve", found)
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")
    assert (await till.api.get(CHECKOUT)).json()["checkoutStatus"] == "unknown"
