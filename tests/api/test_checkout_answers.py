"""What a checkout may be asked with, who hears of it, and how each of its failures shows."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Raw

from surestock.api.admission import AdmissionConfig
from surestock.api.problems import CHECKOUT_FAILURES
from surestock.cart.model import Failure
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.errors import CheckoutFailed, ProviderUnavailable
from surestock.commerce.port import Address, Customer, Payment
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.resilience.bucket import RateLimit
from tests.api.desk import LEVEL, Api, problem
from tests.api.platform import FakeCheckouts

CHECKOUT = "/carts/ann/checkout"
BODY = {
    "customer": {"email": "ann@example.com", "firstName": "Ann", "lastName": "Lee"},
    "shippingAddress": {
        "line1": "Main Street 1",
        "city": "Berlin",
        "postalCode": "10115",
        "country": "DE",
    },
    "payment": {"method": "card", "token": "tok-of-ann"},
}


def desk_of(api: Api) -> FakeCheckouts:
    assert isinstance(api.checkouts, FakeCheckouts)
    return api.checkouts


async def test_what_the_platform_needs_is_handed_on_as_it_is(api: Api) -> None:
    desk_of(api).answer = CheckoutEnd("in_progress")
    await api.post(CHECKOUT, BODY, if_match='"7"', x_request_id="req-1")
    await api.post(CHECKOUT)
    assert desk_of(api).asked == [
        CheckoutAsk(
            "ann",
            "anonymous",
            "req-1",
            None,
            7,
            Customer("ann@example.com", "Ann", "Lee"),
            Address("Main Street 1", "Berlin", "10115", "DE"),
            Payment("card", "tok-of-ann"),
        ),
        CheckoutAsk("ann", "anonymous", "testboot-1"),
    ]


async def test_a_key_is_bound_to_the_meaning_of_the_body(api: Api) -> None:
    desk_of(api).answer = CheckoutEnd("in_progress")
    bodies: list[Any] = [
        None,
        {},
        {"expectedVersion": None},
        BODY,
        dict(reversed(BODY.items())),
        {**BODY, "expectedVersion": 1},
    ]
    for body in bodies:
        await api.post(CHECKOUT, body, idempotency_key="k")
    await api.post(CHECKOUT, BODY, idempotency_key="k", if_match="1")
    prints = [ask.key.fingerprint for ask in desk_of(api).asked if ask.key is not None]
    none, empty, null, whole, turned, versioned, by_header = prints
    assert (none == empty == null, whole == turned, versioned == by_header) == (True,) * 3
    assert len({none, whole, versioned}) == 3


_CUSTOMER: dict[str, Any] = {"email": "a@b", "firstName": "A", "lastName": "B"}
_ADDRESS: dict[str, Any] = {"line1": "1", "city": "B", "postalCode": "1", "country": "DE"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"customer": {**_CUSTOMER, "email": "nobody"}}, "/customer/email"),
        ({"customer": {**_CUSTOMER, "email": "a@b\r\nBcc: c@d"}}, "/customer/email"),
        ({"customer": {**_CUSTOMER, "firstName": ""}}, "/customer/firstName"),
        ({"customer": {"email": "a@b", "firstName": "A"}}, "/customer/lastName"),
        ({"shippingAddress": {**_ADDRESS, "country": "Germany"}}, "/shippingAddress/country"),
        ({"shippingAddress": {**_ADDRESS, "line3": "x"}}, "/shippingAddress/line3"),
        ({"payment": {"token": "x" * 4097}}, "/payment/token"),
        ({"payment": {"method": 7}}, "/payment/method"),
        ({"total": 1}, "/total"),
        ({"expectedVersion": 0}, "/expectedVersion"),
    ],
)
async def test_a_bad_member_is_refused_by_its_name(api: Api, body: Any, pointer: str) -> None:
    answer = await api.post(CHECKOUT, body)
    assert (answer.status_code, problem(answer)["error"]) == (400, "ValidationError")
    assert [fault["pointer"] for fault in problem(answer)["errors"]] == [pointer]
    assert desk_of(api).asked == []


async def test_what_pays_is_neither_logged_nor_said_back(api: Api) -> None:
    desk_of(api).answer = RuntimeError("a defect")
    spoilt = {**BODY, "payment": {"method": 7, "token": "tok-of-ann"}}
    for body in (BODY, spoilt):
        answer = await api.post(CHECKOUT, body, idempotency_key="k")
        assert "tok-of-ann" not in answer.text
    told = b"".join(api.raw_lines)
    assert b"a defect" in told
    assert b"tok-of-ann" not in told


@pytest.mark.parametrize("code", CHECKOUT_FAILURES)
async def test_each_failure_has_its_status_and_its_members(api: Api, code: str) -> None:
    members = {"changes": [{"sku": "phone", "old": 2, "new": 1}], "retryAfter": 7}
    failure = Failure(code, "It was not to be.", members)
    for replayed in (False, True):
        desk_of(api).answer = CheckoutFailed(failure, replayed=replayed)
        answer = await api.post(CHECKOUT)
        told = problem(answer)
        assert (answer.status_code, told["error"]) == (CHECKOUT_FAILURES[code].status, code)
        assert told["changes"] == [{"sku": "phone", "old": 2, "new": 1}]
        assert told["message"] == "It was not to be."
        assert ("idempotent-replayed" in answer.headers) is replayed
        wait = "7" if answer.status_code == 503 else None
        assert answer.headers.get("retry-after") == wait


async def test_a_platform_that_is_not_reached_says_when_to_try_again(api: Api) -> None:
    desk_of(api).answer = ProviderUnavailable(9)
    answer = await api.post(CHECKOUT)
    assert (answer.status_code, problem(answer)["error"]) == (503, "ProviderUnavailable")
    assert answer.headers["retry-after"] == "9"


async def test_an_answer_on_record_goes_out_byte_for_byte(api: Api) -> None:
    body = b'{"checkoutStatus":"completed",   "orderId":"o-1"}'
    desk_of(api).answer = CheckoutEnd("completed", Raw(body), 7, replayed=True)
    answer = await api.post(CHECKOUT)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["x-commit-sequence"] == "7"
    assert answer.headers["idempotent-replayed"] == "true"


_FOUND = {"attemptId": "a-1", "reason": "seen"}
_ORDER = {"orderId": "o-1", "orderNumber": "7", "total": 100}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({**_FOUND, "outcome": "completed"}, ["/orderId", "/orderNumber", "/total"]),
        ({**_FOUND, "outcome": "completed", "orderId": "o", "total": 0}, ["/orderNumber"]),
        ({**_FOUND, "outcome": "failed", **_ORDER}, ["/orderId", "/orderNumber", "/total"]),
        ({**_FOUND, "outcome": "unknown"}, ["/outcome"]),
        ({**_FOUND, "outcome": "completed", **_ORDER, "total": -1}, ["/total"]),
        ({"attemptId": "a-1", "outcome": "failed"}, ["/reason"]),
    ],
)
async def test_a_word_that_says_too_little_or_too_much_is_malformed(
    api: Api, body: Any, pointers: list[str]
) -> None:
    answer = await api.post(f"{CHECKOUT}/resolve", body)
    assert (answer.status_code, problem(answer)["error"]) == (400, "ValidationError")
    assert [fault["pointer"] for fault in problem(answer)["errors"]] == pointers
    assert desk_of(api).resolved == []


class Silent(FakeCheckouts):
    """Nobody hears of an end before ``going`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.going = asyncio.Event()

    async def checkout(self, ask: CheckoutAsk) -> CheckoutEnd:
        await self.going.wait()
        return CheckoutEnd("in_progress")


def _engine(clock: ManualClock) -> MemoryEngine:
    return MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))


async def _settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_checkouts_that_wait_keep_no_other_change_waiting(clock: ManualClock) -> None:
    silent = Silent()
    one_slot = AdmissionConfig(slots=1, most_waiting=10, hold_s=0)
    built = Api(_engine(clock), clock, admission=one_slot, checkouts=silent, platform_places=20)
    async with built.client:
        await _crowd(built, silent)
        assert built.metrics.shed["platform"] == 2
        # Every place was given back.
        assert [(await built.post(CHECKOUT)).status_code for _ in range(21)] == [202] * 21


async def _crowd(built: Api, silent: Silent) -> None:
    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(built.post(CHECKOUT)) for _ in range(22)]
        await _settled()
        async with asyncio.timeout(60):
            await built.count(5)
            answer = await built.post(f"{LEVEL}/reserve", {"qty": 1})
        assert answer.status_code == 200
        refused = [task.result() for task in sent if task.done()]
        assert [answer.status_code for answer in refused] == [503] * 2
        assert {problem(answer)["error"] for answer in refused} == {"Overloaded"}
        assert {int(answer.headers["retry-after"]) >= 1 for answer in refused} == {True}
        silent.going.set()
    assert [task.result().status_code for task in sent].count(202) == 20


async def test_a_checkout_is_throttled_like_any_change(clock: ManualClock) -> None:
    limit = AdmissionConfig(rate=RateLimit(0.5, 1), hold_s=0)
    fake = FakeCheckouts()
    fake.answer = CheckoutEnd("in_progress")
    built = Api(_engine(clock), clock, admission=limit, checkouts=fake)
    async with built.client:
        first, second = await built.post(CHECKOUT), await built.post(CHECKOUT)
    assert (first.status_code, second.status_code) == (202, 429)
    assert first.headers["ratelimit"] == '"default";r=0;t=2'
    assert len(fake.asked) == 1
