"""Carts over HTTP: conditions on a version, repeated keys, hostile ids, keys, and the sync."""

from typing import Any

import pytest

from surestock.cart.commands import BeginCheckout
from surestock.cart.model import Cart
from surestock.commerce.errors import BadAnswer, CommerceError, RateLimited, Unavailable
from surestock.ledger.port import Envelope
from surestock.mirror.errors import QueueFull, SyncFailed
from tests.api.desk import Api, problem, raw
from tests.api.keys import EVERY_SCOPE, FakeKeys
from tests.api.platform import FakeMirrors, told

CART = "/carts/ann"
ITEMS = f"{CART}/items"
PLAN = f"{ITEMS}/plan"
ONE_PLAN = {"sku": "plan", "qty": 1}
CHANGES = [
    ("POST", ITEMS, ONE_PLAN),
    ("PATCH", PLAN, {"qty": 2}),
    ("DELETE", PLAN, None),
    ("DELETE", CART, None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_a_stale_version_is_a_conflict_that_shows_the_cart(
    shop: Api, method: str, path: str, body: Any
) -> None:
    await shop.post(ITEMS, ONE_PLAN)
    await shop.post(ITEMS, ONE_PLAN)
    answer = await shop.send(method, path, body, if_match='"1"')
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "VersionConflict")
    assert (members["currentVersion"], members["expectedVersion"]) == (2, 1)
    assert members["current"] == (await shop.get(CART)).json()
    assert await shop.sequence() == 5
    assert (await shop.send(method, path, body, if_match='"2"')).status_code in {200, 204}


@pytest.mark.parametrize("tag", ['"7"', 'W/"1"'])
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_the_cart_that_a_conflict_shows_tells_of_its_checkout(
    shop: Api, method: str, path: str, body: Any, tag: str
) -> None:
    await shop.post(ITEMS, ONE_PLAN)
    await shop.engine.transact(Envelope(BeginCheckout("ann"), "ann", "r"))
    answer = await shop.send(method, path, body, if_match=tag)
    assert problem(answer)["error"] == "VersionConflict"
    assert problem(answer)["current"] == (await shop.get(CART)).json()
    assert problem(answer)["current"]["checkoutStatus"] == "in_progress"


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_a_weak_tag_never_matches(shop: Api, method: str, path: str, body: Any) -> None:
    assert (await shop.send(method, path, body, if_match='W/"1"')).status_code == 404
    await shop.post(ITEMS, ONE_PLAN)
    answer = await shop.send(method, path, body, if_match='W/"1"')
    assert (answer.status_code, problem(answer)["error"]) == (409, "VersionConflict")
    assert "weak" in problem(answer)["message"]
    assert await shop.sequence() == 4


@pytest.mark.parametrize("tag", ["*", '"1"', "1"])
async def test_if_match_never_opens_a_cart(shop: Api, tag: str) -> None:
    answer = await shop.post(ITEMS, ONE_PLAN, if_match=tag)
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")
    assert await shop.sequence() == 3
    await shop.post(ITEMS, ONE_PLAN)
    assert (await shop.post(ITEMS, ONE_PLAN, if_match=tag)).status_code == 200


async def test_a_version_may_stand_in_the_body_and_must_not_contradict(shop: Api) -> None:
    await shop.post(ITEMS, ONE_PLAN)
    stale = await shop.post(ITEMS, {**ONE_PLAN, "expectedVersion": 7})
    assert problem(stale)["error"] == "VersionConflict"
    both = await shop.patch(PLAN, {"qty": 2, "expectedVersion": 7}, if_match='"1"')
    assert (both.status_code, problem(both)["error"]) == (400, "ValidationError")
    assert (await shop.patch(PLAN, {"qty": 2, "expectedVersion": 1})).status_code == 200


@pytest.mark.parametrize("header", ["if-none-match", "if-match"])
async def test_a_condition_that_means_nothing_is_malformed(shop: Api, header: str) -> None:
    path = ITEMS if header == "if-none-match" else f"{CART}/sync"
    body = ONE_PLAN if header == "if-none-match" else None
    answer = await shop.send("POST", path, body, **{header: "*"})
    assert (answer.status_code, problem(answer)["error"]) == (400, "ValidationError")


async def test_an_add_that_is_sent_twice_adds_once(shop: Api) -> None:
    first = await shop.post(ITEMS, ONE_PLAN, idempotency_key="k")
    again = await shop.post(ITEMS, {**ONE_PLAN, "storeId": None}, idempotency_key="k")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert (await shop.get(CART)).json()["items"][0]["qty"] == 1
    other = await shop.post(ITEMS, {"sku": "plan", "qty": 2}, idempotency_key="k")
    assert problem(other)["error"] == "IdempotencyConflict"


async def test_a_repeated_refusal_is_the_first_one(shop: Api) -> None:
    await shop.post(ITEMS, ONE_PLAN)
    first = await shop.post(ITEMS, {"sku": "roaming", "qty": 1}, idempotency_key="k")
    await shop.delete(PLAN)
    again = await shop.post(ITEMS, {"sku": "roaming", "qty": 1}, idempotency_key="k")
    assert (again.status_code, again.content) == (409, first.content)


async def test_a_drop_that_is_sent_twice_leaves_the_next_cart_alone(shop: Api) -> None:
    await shop.post(ITEMS, ONE_PLAN)
    first = await shop.delete(CART, idempotency_key="k")
    await shop.post(ITEMS, ONE_PLAN)
    again = await shop.delete(CART, idempotency_key="k")
    assert (again.status_code, again.content) == (204, b"")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-commit-sequence"] == first.headers["x-commit-sequence"]
    assert (await shop.get(CART)).status_code == 200
    assert [kind for kind, *_ in told(shop.mirrors)].count("forget") == 1


_HOSTILE = [
    b"%2e%2e",
    b"a%2Fb",
    b"a%00b",
    b"-ann",
    b"%23cart",
    b"ann%20",
    b"a" * 65,
    b"%c3%a9",
    b"ann%0a",
    b"'--",
]


@pytest.mark.parametrize("user_id", _HOSTILE)
async def test_a_hostile_user_id_is_malformed(shop: Api, user_id: bytes) -> None:
    json = [(b"content-type", b"application/json")]
    body = b'{"sku": "plan", "qty": 1}'
    for method, rest in (
        ("GET", b""),
        ("DELETE", b""),
        ("POST", b"/items"),
        ("POST", b"/sync"),
        ("POST", b"/checkout"),
        ("GET", b"/checkout"),
    ):
        sent = body if rest == b"/items" else b""
        status, _, answer = await raw(shop, method, b"/carts/" + user_id + rest, json, sent)
        assert (status, b'"/userId"' in answer) == (400, True), (method, rest)
    assert await shop.sequence() == 3


async def test_a_cart_is_for_keys_of_all_stores(guarded: Api, keys: FakeKeys) -> None:
    till = keys.know("till", EVERY_SCOPE, stores={"berlin"})
    for method, path, body in (*CHANGES, ("GET", CART, None), ("POST", f"{CART}/checkout", None)):
        answer = await guarded.send(method, path, body, **till)
        assert (answer.status_code, problem(answer)["error"]) == (403, "Forbidden")


async def test_to_fill_a_cart_is_not_to_read_it(guarded: Api, keys: FakeKeys) -> None:
    writer = keys.know("writer", {"cart:write"})
    assert (await guarded.post(ITEMS, ONE_PLAN, **writer)).status_code == 404
    assert (await guarded.get(CART, **writer)).status_code == 403


async def _synced(shop: Api, answer: Cart | Exception) -> Any:
    assert isinstance(shop.mirrors, FakeMirrors)
    shop.mirrors.answer = answer
    return await shop.post(f"{CART}/sync", x_request_id="req-1")


async def test_a_sync_answers_with_the_cart(shop: Api) -> None:
    await shop.post(ITEMS, ONE_PLAN)
    cart = await shop.engine.find_document((Cart.KIND, "ann"))
    assert isinstance(cart, Cart)
    answer = await _synced(shop, cart)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert answer.json() == (await shop.get(CART)).json()
    assert ("sync", "ann", "anonymous", "req-1") in told(shop.mirrors)


async def test_there_is_nothing_to_sync_without_a_cart(shop: Api) -> None:
    assert problem(await shop.post(f"{CART}/sync"))["error"] == "NotFound"


@pytest.mark.parametrize(
    ("cause", "status", "code", "retry_after"),
    [
        (BadAnswer("It makes no sense."), 502, "ProviderError", None),
        (Unavailable("Nobody is there.", 9), 503, "ProviderUnavailable", "9"),
        (RateLimited(4), 503, "ProviderUnavailable", "4"),
    ],
)
async def test_a_sync_that_fails_says_whose_fault_it_is_and_when_to_try_again(
    shop: Api, cause: CommerceError, status: int, code: str, retry_after: str | None
) -> None:
    answer = await _synced(shop, SyncFailed("ann", cause))
    assert (answer.status_code, problem(answer)["error"]) == (status, code)
    assert answer.headers.get("retry-after") == retry_after


async def test_a_user_for_whom_too_much_waits_is_told_to_come_back(shop: Api) -> None:
    answer = await _synced(shop, QueueFull("ann"))
    assert (answer.status_code, problem(answer)["error"]) == (503, "Overloaded")
    assert answer.headers["retry-after"] == "1"
