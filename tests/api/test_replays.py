"""Idempotency over HTTP: the same key, the same answer, byte for byte in the body."""

from datetime import timedelta
from typing import Any

import pytest

from surestock.kit.clock import ManualClock
from tests.api.desk import LEVEL, Api, problem

MUTATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", LEVEL, {"onHand": 5}),
    ("PUT", "/stores/berlin/inventory/new", {"onHand": 5}),
    ("POST", f"{LEVEL}/adjust", {"delta": 1}),
    ("POST", f"{LEVEL}/reserve", {"qty": 1, "ttlSeconds": 9}),
    ("POST", "/reservations", {"lines": [{"storeId": "berlin", "sku": "apple", "qty": 1}]}),
]
REFUSALS: list[tuple[str, str, dict[str, Any], int]] = [
    ("PUT", LEVEL, {"onHand": 5, "expectedVersion": 9}, 409),
    ("POST", f"{LEVEL}/adjust", {"delta": -99}, 409),
    ("POST", f"{LEVEL}/reserve", {"qty": 99}, 409),
    ("POST", "/stores/berlin/inventory/none/reserve", {"qty": 1}, 404),
    ("POST", "/reservations", {"lines": [{"storeId": "berlin", "sku": "apple", "qty": 99}]}, 409),
    ("POST", "/reservations/none/commit", {}, 404),
]


@pytest.fixture
async def stocked(api: Api) -> Api:
    await api.count(10)
    return api


@pytest.mark.parametrize(("method", "path", "body"), MUTATIONS)
async def test_a_success_is_given_again_and_nothing_happens_twice(
    stocked: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    first = await stocked.send(method, path, body, idempotency_key="k")
    sequence = await stocked.sequence()
    second = await stocked.send(method, path, body, idempotency_key="k")
    assert first.status_code < 300
    assert second.content == first.content
    assert second.status_code == first.status_code
    for header in ("etag", "x-commit-sequence", "location"):
        assert second.headers.get(header) == first.headers.get(header)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await stocked.sequence() == sequence


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSALS)
async def test_a_refusal_is_given_again_with_the_first_request_id(
    stocked: Api, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    first = await stocked.send(method, path, body, idempotency_key="k", x_request_id="one")
    await stocked.post(f"{LEVEL}/adjust", {"delta": 1000})
    second = await stocked.send(method, path, body, idempotency_key="k", x_request_id="two")
    assert first.status_code == second.status_code == status
    assert second.content == first.content
    assert second.headers["x-request-id"] == "two"
    assert problem(second)["requestId"] == "one"


@pytest.mark.parametrize("verb", ["commit", "release", "extend"])
async def test_the_end_of_a_reservation_is_replayed(stocked: Api, verb: str) -> None:
    made = (await stocked.post(f"{LEVEL}/reserve", {"qty": 1})).json()["reservationId"]
    body = {"ttlSeconds": 5} if verb == "extend" else None
    path = f"/reservations/{made}/{verb}"
    first = await stocked.post(path, body, idempotency_key="k")
    second = await stocked.post(path, body, idempotency_key="k")
    assert (second.status_code, second.content) == (200, first.content)


@pytest.mark.parametrize(
    "other",
    [
        b'{ "qty" : 1,\n"ttlSeconds":9}',
        b'{"ttlSeconds":9,"qty":1}',
        b'{"qty":1,"ttlSeconds":9,"reference":null,"expectedVersion":null}',
        b'{"qt\\u0079":1,"ttlSeconds":9}',
    ],
)
async def test_order_spacing_escapes_and_defaults_are_the_same_payload(
    stocked: Api, other: bytes
) -> None:
    path = f"{LEVEL}/reserve"
    first = await stocked.post(path, {"qty": 1, "ttlSeconds": 9}, idempotency_key="k")
    second = await stocked.post(path, other, idempotency_key="k")
    assert second.content == first.content


async def test_header_and_body_say_the_same_version(stocked: Api) -> None:
    path = f"{LEVEL}/reserve"
    first = await stocked.post(path, {"qty": 1, "expectedVersion": 1}, idempotency_key="k")
    second = await stocked.post(path, {"qty": 1}, idempotency_key="k", if_match='"1"')
    assert second.content == first.content


async def test_a_quoted_and_a_bare_key_are_the_same_key(stocked: Api) -> None:
    path = f"{LEVEL}/reserve"
    first = await stocked.post(path, {"qty": 1}, idempotency_key='a"b\\c')
    second = await stocked.post(path, {"qty": 1}, idempotency_key='"a\\"b\\\\c"')
    assert second.content == first.content


@pytest.mark.parametrize("first_qty", [1, 99])
async def test_another_payload_under_the_same_key_is_a_conflict(
    stocked: Api, first_qty: int
) -> None:
    path = f"{LEVEL}/reserve"
    await stocked.post(path, {"qty": first_qty}, idempotency_key="k")
    sequence = await stocked.sequence()
    answer = await stocked.post(path, {"qty": 2}, idempotency_key="k")
    assert (answer.status_code, problem(answer)["error"]) == (409, "IdempotencyConflict")
    assert await stocked.sequence() == sequence


async def test_a_key_is_bound_to_method_and_path(stocked: Api) -> None:
    await stocked.count(10, "/stores/berlin/inventory/pear")
    first = await stocked.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k")
    for path in (f"{LEVEL}/adjust", "/stores/berlin/inventory/pear/reserve"):
        body = {"delta": 1} if path.endswith("adjust") else {"qty": 1}
        answer = await stocked.post(path, body, idempotency_key="k")
        assert answer.status_code == 200
        assert answer.content != first.content
        assert "idempotent-replayed" not in answer.headers


async def test_a_malformed_request_does_not_use_its_key_up(stocked: Api) -> None:
    path = f"{LEVEL}/reserve"
    assert (await stocked.post(path, {"qty": "1"}, idempotency_key="k")).status_code == 400
    assert (await stocked.post(path, {"qty": 1}, idempotency_key="k")).status_code == 200


async def test_a_key_is_forgotten_after_its_time(stocked: Api, clock: ManualClock) -> None:
    path = f"{LEVEL}/reserve"
    first = await stocked.post(path, {"qty": 1}, idempotency_key="k")
    clock.advance(timedelta(hours=24).total_seconds())
    second = await stocked.post(path, {"qty": 1}, idempotency_key="k")
    assert second.content != first.content


async def test_a_replay_is_counted(stocked: Api) -> None:
    for _ in range(3):
        await stocked.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k")
    counters = (await stocked.get("/metrics", accept="application/json")).json()
    assert counters["idempotentHits"] == 2
