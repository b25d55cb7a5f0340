"""One level over HTTP: each row of the contract about counting, adjusting, reserving, reading."""

import pytest

from surestock.kit.clock import ManualClock
from tests.api.desk import LEVEL, Api, problem

START = "2026-01-01T00:00:00Z"


async def test_a_first_count_creates_the_level(api: Api) -> None:
    answer = await api.put(LEVEL, {"onHand": 10})
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["x-commit-sequence"] == "1"
    assert answer.json() == {
        "storeId": "berlin",
        "sku": "apple",
        "qty": 10,
        "onHand": 10,
        "reserved": 0,
        "version": 1,
        "updatedAt": START,
        "sequence": 1,
    }


async def test_a_later_count_replaces_on_hand(api: Api) -> None:
    await api.count(10)
    answer = await api.put(LEVEL, {"onHand": 7, "reason": "recount"})
    assert (answer.status_code, answer.json()["onHand"], answer.json()["version"]) == (200, 7, 2)


async def test_a_count_below_what_is_reserved_is_refused(api: Api) -> None:
    await api.count(10)
    await api.post(f"{LEVEL}/reserve", {"qty": 8})
    answer = await api.put(LEVEL, {"onHand": 7})
    assert answer.status_code == 409
    assert problem(answer)["error"] == "InsufficientStock"
    assert await api.sequence() == 2


async def test_an_adjustment_adds_and_takes(api: Api) -> None:
    await api.count(10)
    await api.post(f"{LEVEL}/adjust", {"delta": 5})
    answer = await api.post(f"{LEVEL}/adjust", {"delta": -3, "reference": "r-1"})
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"3"'
    assert (answer.json()["onHand"], answer.json()["sequence"]) == (12, 3)


async def test_an_adjustment_that_takes_too_much_tells_what_is_there(api: Api) -> None:
    await api.count(2)
    answer = await api.post(f"{LEVEL}/adjust", {"delta": -3})
    members = problem(answer)
    assert answer.status_code == 409
    assert members["error"] == "InsufficientStock"
    assert (members["available"], members["requested"], members["currentVersion"]) == (2, 3, 1)
    assert members["current"]["onHand"] == 2


async def test_an_adjustment_over_the_largest_quantity_is_refused(api: Api) -> None:
    await api.count(9_007_199_254_740_991)
    answer = await api.post(f"{LEVEL}/adjust", {"delta": 1})
    assert answer.status_code == 409
    assert problem(answer)["error"] == "QuantityLimit"


async def test_a_reserve_answers_with_its_reservation(api: Api) -> None:
    await api.count(10)
    answer = await api.post(f"{LEVEL}/reserve", {"qty": 3, "ttlSeconds": 60})
    body = answer.json()
    assert answer.status_code == 200
    assert (body["qty"], body["onHand"], body["reserved"], body["version"]) == (7, 10, 3, 2)
    assert body["expiresAt"] == "2026-01-01T00:01:00Z"
    held = await api.get(f"/reservations/{body['reservationId']}")
    assert held.json()["status"] == "active"


async def test_a_reserve_without_a_time_to_live_never_expires(api: Api) -> None:
    await api.count(10)
    answer = await api.post(f"{LEVEL}/reserve", {"qty": 3})
    assert answer.json()["expiresAt"] is None


async def test_a_reserve_of_more_than_available_is_refused(api: Api) -> None:
    await api.count(10)
    answer = await api.post(f"{LEVEL}/reserve", {"qty": 11})
    assert answer.status_code == 409
    assert problem(answer)["available"] == 10


@pytest.mark.parametrize("call", ["adjust", "reserve"])
async def test_an_unknown_sku_is_not_found(api: Api, call: str) -> None:
    answer = await api.post(f"{LEVEL}/{call}", {"delta": 1} if call == "adjust" else {"qty": 1})
    assert answer.status_code == 404
    assert problem(answer)["error"] == "NotFound"
    assert await api.sequence() == 0


async def test_reading_shows_the_level_and_its_version_as_etag(api: Api) -> None:
    await api.count(10)
    answer = await api.get(LEVEL)
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"1"'
    assert answer.json()["qty"] == 10
    assert "sequence" not in answer.json()


async def test_reading_an_unknown_level_is_not_found(api: Api) -> None:
    assert problem(await api.get(LEVEL))["error"] == "NotFound"


async def test_reading_with_a_known_etag_has_no_body(api: Api) -> None:
    await api.count(10)
    answer = await api.get(LEVEL, if_none_match='"7", W/"1"')
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == '"1"'
    assert (await api.get(LEVEL, if_none_match='"7"')).status_code == 200


async def test_an_expired_reservation_stops_counting_at_once(api: Api, clock: ManualClock) -> None:
    await api.count(10)
    await api.post(f"{LEVEL}/reserve", {"qty": 3, "ttlSeconds": 60})
    clock.advance(60)
    assert (await api.get(LEVEL)).json()["qty"] == 10


async def test_a_store_is_listed_in_pages_that_meet(api: Api) -> None:
    skus = [f"sku-{number:02}" for number in range(7)]
    for sku in reversed(skus):
        await api.count(1, f"/stores/berlin/inventory/{sku}")
    await api.count(1, "/stores/paris/inventory/other")
    seen: list[str] = []
    path = "/stores/berlin/inventory?limit=3"
    sizes = []
    while True:
        page = (await api.get(path)).json()
        sizes.append(len(page["items"]))
        seen += [item["sku"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        path = f"/stores/berlin/inventory?limit=3&cursor={page['nextCursor']}"
    assert seen == skus
    assert sizes == [3, 3, 1]


async def test_the_last_full_page_has_no_cursor(api: Api) -> None:
    await api.count(1)
    page = (await api.get("/stores/berlin/inventory?limit=1")).json()
    assert page["nextCursor"] is None


async def test_an_unknown_store_has_an_empty_list(api: Api) -> None:
    answer = await api.get("/stores/nowhere/inventory")
    assert answer.json() == {"items": [], "nextCursor": None}


@pytest.mark.parametrize("cursor", ["%21", "a", "YQ==", "", "Li4", "w7w"])
async def test_a_made_up_cursor_is_malformed(api: Api, cursor: str) -> None:
    answer = await api.get(f"/stores/berlin/inventory?cursor={cursor}")
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/cursor"


async def test_history_explains_a_number(api: Api) -> None:
    await api.put(LEVEL, {"onHand": 10, "reason": "opening"})
    await api.post(f"{LEVEL}/reserve", {"qty": 3})
    await api.post(f"{LEVEL}/adjust", {"delta": -2, "reason": "broken"})
    answer = await api.get(f"{LEVEL}/history")
    items = answer.json()["items"]
    assert [
        (item["sequence"], item["type"], item["onHand"], item["reserved"]) for item in items
    ] == [
        (1, "StockCounted", 10, 0),
        (2, "StockReserved", 10, 3),
        (3, "StockAdjusted", 8, 3),
    ]
    assert [item.get("reason") for item in items] == ["opening", None, "broken"]
    assert answer.json()["nextAfter"] == 3


async def test_history_comes_in_pages(api: Api) -> None:
    await api.count(10)
    await api.post(f"{LEVEL}/adjust", {"delta": 1})
    first = (await api.get(f"{LEVEL}/history?limit=1")).json()
    rest = (await api.get(f"{LEVEL}/history?after={first['nextAfter']}")).json()
    none = (await api.get(f"{LEVEL}/history?after={rest['nextAfter']}")).json()
    assert [item["sequence"] for item in first["items"] + rest["items"]] == [1, 2]
    assert none == {"items": [], "nextAfter": 2}


async def test_the_history_of_an_unknown_level_is_not_found(api: Api) -> None:
    assert problem(await api.get(f"{LEVEL}/history"))["error"] == "NotFound"
