"""The batch as a JSON document: every row stands alone, under a key of its own or the batch's."""

from typing import Any

import pytest

from tests.api.desk import LEVEL, Api, problem

BATCH = "/inventory/batch"


def reserve(qty: int, sku: str = "apple", **more: Any) -> dict[str, Any]:
    return {"op": "reserve", "storeId": "berlin", "sku": sku, "qty": qty, **more}


async def send(api: Api, *rows: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = await api.post(BATCH, {"operations": rows}, **headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def test_each_row_gets_its_own_answer_in_order(api: Api) -> None:
    results = await send(
        api,
        {"op": "count", "storeId": "berlin", "sku": "apple", "onHand": 10},
        {"op": "adjust", "storeId": "berlin", "sku": "apple", "delta": -2},
        reserve(3),
        reserve(99),
        reserve(1, "none"),
        {"op": "count", "storeId": "berlin", "sku": "apple", "onHand": 9, "expectedVersion": 1},
        {"op": "count", "storeId": "berlin", "sku": "apple", "onHand": 9, "reason": "again"},
    )
    assert [result["status"] for result in results] == [201, 200, 200, 409, 404, 409, 200]
    assert [result.get("error") for result in results[3:6]] == [
        "InsufficientStock",
        "NotFound",
        "VersionConflict",
    ]
    assert (results[2]["qty"], results[2]["reserved"]) == (5, 3)
    assert results[2]["reservationId"]
    assert results[3]["available"] == 5
    assert [result["sequence"] for result in results if "sequence" in result] == [1, 2, 3, 4]


async def test_the_answer_tells_how_far_the_log_is(api: Api) -> None:
    await api.count(10)
    answer = await api.post(BATCH, {"operations": [reserve(1), reserve(99), reserve(1)]})
    assert answer.headers["x-commit-sequence"] == "3"
    refused = await api.post(BATCH, {"operations": [reserve(99)]})
    assert "x-commit-sequence" not in refused.headers


async def test_a_row_with_a_key_happens_once(api: Api) -> None:
    await api.count(10)
    first = await send(api, reserve(1, idempotencyKey="k"), reserve(1, idempotencyKey="k"))
    again = await send(api, reserve(2), reserve(1, idempotencyKey="k"))
    other = await send(api, reserve(5, idempotencyKey="k"))
    assert first[0] == first[1] == again[1]
    assert other[0]["error"] == "IdempotencyConflict"
    assert (await api.get(LEVEL)).json()["reserved"] == 3


async def test_a_key_for_the_whole_batch_replays_it_byte_for_byte(api: Api) -> None:
    await api.count(10)
    rows = {"operations": [reserve(1), reserve(99), reserve(1, "none"), reserve(2)]}
    first = await api.post(BATCH, rows, idempotency_key="k")
    again = await api.post(BATCH, rows, idempotency_key="k")
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await api.sequence() == 3


@pytest.mark.parametrize("rows", [[reserve(2)], [reserve(1), reserve(1)], [reserve(1, "pear")]])
async def test_a_batch_key_is_bound_to_the_whole_batch(
    api: Api, rows: list[dict[str, Any]]
) -> None:
    await api.count(10)
    await api.post(BATCH, {"operations": [reserve(1)]}, idempotency_key="k")
    answer = await api.post(BATCH, {"operations": rows}, idempotency_key="k")
    assert (answer.status_code, problem(answer)["error"]) == (409, "IdempotencyConflict")
    assert await api.sequence() == 2


async def test_a_batch_is_named_as_a_whole_or_row_by_row_and_not_both(api: Api) -> None:
    await api.count(10)
    rows = {"operations": [reserve(1), reserve(1, idempotencyKey="row")]}
    answer = await api.post(BATCH, rows, idempotency_key="k")
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/operations/1/idempotencyKey"
    assert await api.sequence() == 1


async def test_the_key_of_a_batch_that_was_refused_whole_stays_bound_to_it(api: Api) -> None:
    await api.count(1)
    await send(api, reserve(5), idempotency_key="k")
    longer = {"operations": [reserve(5), reserve(1)]}
    answer = await api.post(BATCH, longer, idempotency_key="k")
    assert (answer.status_code, problem(answer)["error"]) == (409, "IdempotencyConflict")
    assert await api.sequence() == 1


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_document_holds_1_to_1000_rows(api: Api, count: int) -> None:
    answer = await api.post(BATCH, {"operations": [reserve(1)] * count})
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/operations"


async def test_1000_rows_are_fine(api: Api) -> None:
    await api.count(1000)
    results = await send(api, *[reserve(1)] * 1000)
    assert {result["status"] for result in results} == {200}
    assert (await api.get(LEVEL)).json()["qty"] == 0


async def test_rows_are_counted_by_status(api: Api) -> None:
    await api.count(10)
    await send(api, reserve(1), reserve(99))
    assert api.metrics.batch_rows == {200: 1, 409: 1}
