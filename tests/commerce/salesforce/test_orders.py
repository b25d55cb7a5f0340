"""A basket is ordered once; what nobody can know is called unknown, and cleared up by asking."""

import threading

import pytest

from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.errors import (
    CommerceError,
    Conflict,
    InsufficientStock,
    OutcomeUnknown,
    PaymentDeclined,
    RateLimited,
    Unavailable,
)
from surestock.commerce.port import OrderRequest
from tests.commerce.salesforce.fake.server import Deed, garbled, instead, lost
from tests.commerce.salesforce.fake.wire import Answer, document, problem
from tests.commerce.salesforce.lab import PHONE, SalesforceLab

PLACE, LIST = r"POST .*/orders$", r"GET .*/orders$"


async def ready(lab: SalesforceLab) -> tuple[Shopper, OrderRequest]:
    """Give a shopper whose cart can be ordered, and how."""
    shopper = await Shopper.enter(lab, {0: 1})
    request = shopper.request("att-1")
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    return shopper, request


async def test_an_order_accepted_after_a_504_is_unknown_until_it_is_there(
    lab: SalesforceLab,
) -> None:
    shopper, request = await ready(lab)
    lab.fake.meet(PLACE, lab.fake.hold)
    with pytest.raises(OutcomeUnknown, match="504"):
        await lab.provider.place_order(shopper.context, request)
    assert await shopper.find("att-1") is None
    lab.fake.release()
    found = await shopper.find("att-1")
    assert found is not None
    assert found.state == "placed"
    assert await lab.count_orders("att-1") == 1


async def test_that_an_order_is_not_there_proves_nothing(lab: SalesforceLab) -> None:
    assert lab.provider.capabilities.settles_s is None
    assert not lab.provider.capabilities.idempotent_place
    assert lab.restarted(settles_s=90.0).capabilities.settles_s == 90.0


async def test_placing_again_while_the_first_is_on_its_way_makes_one_order(
    lab: SalesforceLab,
) -> None:
    shopper, request = await ready(lab)
    lab.fake.meet(PLACE, lab.fake.hold)
    with pytest.raises(OutcomeUnknown):
        await lab.provider.place_order(shopper.context, request)
    again = await lab.provider.place_order(shopper.context, request)
    lab.fake.release()
    assert await shopper.find("att-1") == again
    assert await lab.count_orders("att-1") == 1


async def test_placing_again_after_a_lost_answer_returns_the_order(lab: SalesforceLab) -> None:
    shopper, request = await ready(lab)
    lab.fake.meet(PLACE, lost)
    with pytest.raises(OutcomeUnknown):
        await lab.provider.place_order(shopper.context, request)
    again = await lab.provider.place_order(shopper.context, request)
    assert again == await shopper.find("att-1")
    assert await lab.count_orders("att-1") == 1


async def test_a_cart_that_is_gone_and_left_no_order_is_unknown(lab: SalesforceLab) -> None:
    shopper, request = await ready(lab)
    await lab.expire(shopper.context)
    with pytest.raises(OutcomeUnknown, match="no order of it can be seen"):
        await lab.provider.place_order(shopper.context, request)


async def test_a_cart_that_is_gone_is_unknown_while_orders_cannot_be_asked_for(
    lab: SalesforceLab,
) -> None:
    shopper, request = await ready(lab)
    await lab.expire(shopper.context)
    lab.fake.meet(LIST, instead(Answer(503)))
    with pytest.raises(OutcomeUnknown, match="can't be asked for"):
        await lab.provider.place_order(shopper.context, request)


ORDER = {"orderNo": "1", "status": "new", "currency": "EUR", "orderTotal": 1}


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status) for status in (204, 302, 408, 500, 502, 503, 504, 599)),
        Answer(200, b"<html>"),
        Answer(200, b'{"orderNo": "1"'),
        Answer(200, b'{"padding": "' + b"x" * 1_100_000 + b'"}'),
        document(200, {**ORDER, "orderNo": None}),
        document(200, {**ORDER, "status": "lost"}),
        document(200, {**ORDER, "orderTotal": 0.001}),
        document(200, {**ORDER, "currency": "Euro"}),
        Answer(200, b"{}", {"content-encoding": "gzip"}),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:30].decode()}",
)
async def test_an_answer_that_says_nothing_clear_is_an_unknown_outcome(
    answer: Answer, lab: SalesforceLab
) -> None:
    shopper, request = await ready(lab)
    lab.fake.meet(PLACE, garbled(answer))
    with pytest.raises(OutcomeUnknown):
        await lab.provider.place_order(shopper.context, request)
    found = await shopper.find("att-1")
    assert found is not None
    assert found.state == "placed"


async def test_an_answer_that_does_not_come_in_time_is_an_unknown_outcome(
    lab: SalesforceLab,
) -> None:
    shopper, request = await ready(lab)
    told_off = threading.Event()

    def slow(deed: Deed) -> Answer:
        told_off.wait(60)
        return deed()

    lab.fake.meet(PLACE, slow)
    with pytest.raises(OutcomeUnknown):
        await lab.restarted(answer_s=5.0).place_order(shopper.context, request)
    told_off.set()


async def test_who_was_not_reached_has_no_order(lab: SalesforceLab) -> None:
    shopper, request = await ready(lab)
    with pytest.raises(Unavailable):
        await lab.restarted(base_url="http://127.0.0.1:1").place_order(shopper.context, request)


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (Answer(429, headers={"retry-after": "7"}), RateLimited, "no more calls"),
        (problem(400, "payment-declined"), PaymentDeclined, "refused the payment"),
        (problem(400, "card-refused"), PaymentDeclined, "refused the payment"),
        (
            problem(400, "product-item-not-available", productId=PHONE.sku),
            InsufficientStock,
            PHONE.sku,
        ),
        (problem(400, "product-item-not-available"), Conflict, "product-item-not-available"),
        (problem(409, "conflict"), Conflict, "conflict"),
        (problem(400, "<b>bad</b>"), Conflict, r"refused: 400\."),
        (Answer(403), Unavailable, "let us in"),
        (document(200, {**ORDER, "status": "failed"}), PaymentDeclined, "gave the order up"),
    ],
)
async def test_a_refusal_is_told_as_what_it_is(
    answer: Answer, error: type[CommerceError], sentence: str, lab: SalesforceLab
) -> None:
    shopper, request = await ready(lab)
    lab.fake.meet(PLACE, instead(answer))
    with pytest.raises(error, match=sentence) as raised:
        await lab.provider.place_order(shopper.context, request)
    assert getattr(raised.value, "retry_after_s", 7) in {1, 7}
    assert await lab.count_orders("att-1") == 0
    order = await lab.provider.place_order(shopper.context, request)
    assert order.state == "placed"
