"""The catalog over HTTP: who sets a price, under which condition, and what a price may be."""

from typing import Any

import pytest

from tests.api.desk import Api, problem
from tests.api.keys import EVERY_SCOPE, FakeKeys

PHONE = "/catalog/phone"
BODY = {
    "name": "Phone 9",
    "type": "device",
    "unitPrice": 49900,
    "currency": "EUR",
    "stocked": True,
}


async def test_a_new_product_is_created_with_its_price(api: Api) -> None:
    answer = await api.put(PHONE, BODY)
    assert answer.status_code == 201
    assert (answer.headers["etag"], answer.headers["x-commit-sequence"]) == ('"1"', "1")
    assert answer.json() == {
        "sku": "phone",
        **BODY,
        "sequence": 1,
        "version": 1,
        "updatedAt": "2026-01-01T00:00:00Z",
    }


async def test_a_product_is_replaced_as_a_whole(api: Api) -> None:
    await api.put(PHONE, BODY)
    answer = await api.put(PHONE, {**BODY, "unitPrice": 0, "stocked": False})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    read = await api.get(PHONE)
    assert (read.status_code, read.headers["etag"]) == (200, '"2"')
    assert (read.json()["unitPrice"], read.json()["stocked"]) == (0, False)


async def test_reading_with_a_known_etag_has_no_body(api: Api) -> None:
    await api.put(PHONE, BODY)
    answer = await api.get(PHONE, if_none_match='W/"1"')
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    assert (await api.get(PHONE, if_none_match='"2"')).status_code == 200


async def test_a_product_that_nobody_put_is_not_found(api: Api) -> None:
    assert problem(await api.get(PHONE))["error"] == "NotFound"
    assert (await api.get("/catalog")).json() == {"items": [], "nextCursor": None}


async def test_the_catalog_comes_in_pages_by_sku(api: Api) -> None:
    for sku in ("c", "a", "e", "b", "d"):
        await api.put(f"/catalog/{sku}", BODY)
    seen: list[str] = []
    path = "/catalog?limit=2"
    while True:
        page = (await api.get(path)).json()
        seen += [item["sku"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        path = f"/catalog?limit=2&cursor={page['nextCursor']}"
    assert seen == ["a", "b", "c", "d", "e"]


async def test_create_only_is_refused_when_the_product_is_there(api: Api) -> None:
    assert (await api.put(PHONE, BODY, if_none_match="*")).status_code == 201
    answer = await api.put(PHONE, {**BODY, "unitPrice": 1}, if_none_match="*")
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "VersionConflict")
    assert (members["currentVersion"], members["expectedVersion"]) == (1, None)
    assert members["current"]["unitPrice"] == 49900


@pytest.mark.parametrize("as_header", [True, False])
async def test_a_stale_version_is_a_conflict_that_shows_the_product(
    api: Api, *, as_header: bool
) -> None:
    await api.put(PHONE, BODY)
    await api.put(PHONE, {**BODY, "unitPrice": 2})
    if as_header:
        answer = await api.put(PHONE, BODY, if_match='"1"')
    else:
        answer = await api.put(PHONE, {**BODY, "expectedVersion": 1})
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "VersionConflict")
    assert (members["currentVersion"], members["expectedVersion"]) == (2, 1)
    assert members["current"] == (await api.get(PHONE)).json()
    assert (await api.put(PHONE, BODY, if_match='"2"')).headers["etag"] == '"3"'


async def test_a_weak_tag_never_matches(api: Api) -> None:
    assert (await api.put(PHONE, BODY, if_match='W/"1"')).status_code == 404
    await api.put(PHONE, BODY)
    answer = await api.put(PHONE, BODY, if_match='W/"1"')
    assert (answer.status_code, problem(answer)["error"]) == (409, "VersionConflict")
    assert "weak" in answer.json()["message"]
    assert await api.sequence() == 1


@pytest.mark.parametrize("tag", ["*", '"1"'])
async def test_if_match_never_creates(api: Api, tag: str) -> None:
    answer = await api.put(PHONE, BODY, if_match=tag)
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")
    assert await api.sequence() == 0
    await api.put(PHONE, BODY)
    assert (await api.put(PHONE, BODY, if_match=tag)).status_code == 200


async def test_two_conditions_that_differ_are_malformed(api: Api) -> None:
    answer = await api.put(PHONE, {**BODY, "expectedVersion": 2}, if_match='"1"')
    assert (answer.status_code, problem(answer)["error"]) == (400, "ValidationError")
    answer = await api.put(PHONE, {**BODY, "expectedVersion": 2}, if_none_match="*")
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/expectedVersion"


async def test_a_repeated_key_gets_the_first_answer_again(api: Api) -> None:
    first = await api.put(PHONE, BODY, idempotency_key="k")
    await api.put(PHONE, {**BODY, "unitPrice": 2})
    again = await api.put(PHONE, dict(reversed(BODY.items())), idempotency_key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await api.put(PHONE, {**BODY, "unitPrice": 3}, idempotency_key="k")
    assert problem(other)["error"] == "IdempotencyConflict"
    assert await api.sequence() == 2


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("unitPrice", value) for value in (-1, 1.0, 1_000_000_001, "1", True, None)),
        *(("currency", value) for value in ("eur", "EURO", "E1R", "", "EUR\n", None)),
        *(("type", value) for value in ("gadget", "Device", "", None)),
        *(("name", value) for value in ("", "x" * 256, 7, None)),
        *(("stocked", value) for value in ("true", 1, None)),
        *(("expectedVersion", value) for value in (0, -1, "1", 1.0)),
        ("expectedversion", 1),
        ("sku", "phone"),
    ],
)
async def test_a_bad_member_is_refused_by_its_name(api: Api, member: str, value: Any) -> None:
    answer = await api.put(PHONE, {**BODY, member: value})
    assert (answer.status_code, problem(answer)["error"]) == (400, "ValidationError")
    assert problem(answer)["errors"][0]["pointer"] == f"/{member}"
    assert await api.sequence() == 0


@pytest.mark.parametrize("member", BODY)
async def test_nothing_may_be_left_out(api: Api, member: str) -> None:
    body = {name: value for name, value in BODY.items() if name != member}
    answer = await api.put(PHONE, body)
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (400, f"/{member}")


async def test_a_shop_front_reads_prices_and_never_sets_them(guarded: Api, keys: FakeKeys) -> None:
    office = keys.know("office", {"inventory:write"})
    front = keys.know("front", EVERY_SCOPE - {"inventory:write"})
    assert (await guarded.put(PHONE, BODY, **office)).status_code == 201
    refused = await guarded.put(PHONE, {**BODY, "unitPrice": 1}, **front)
    assert (refused.status_code, problem(refused)["scope"]) == (403, "inventory:write")
    assert (await guarded.get(PHONE, **front)).json()["unitPrice"] == 49900


async def test_a_key_of_one_store_reads_prices_and_sets_none(guarded: Api, keys: FakeKeys) -> None:
    till = keys.know("till", EVERY_SCOPE, stores={"berlin"})
    assert (await guarded.put(PHONE, BODY, **till)).status_code == 403
    assert (await guarded.get("/catalog", **till)).status_code == 200
