"""Changes that could not be folded, over HTTP: listed, tried again, given up for a reason."""

import pytest

from tests.api.centrals import CrowdedCentral
from tests.api.desk import Api, problem

LETTER = {
    "id": "4.0",
    "sequence": 4,
    "storeId": "berlin",
    "sku": "apple",
    "status": "dead",
    "attempts": 3,
    "error": "no such version",
    "failedAt": "2026-01-01T00:00:00Z",
    "parked": 2,
    "reason": None,
}


LISTED = {"items": [LETTER], "nextCursor": None}


async def test_dead_letters_are_listed(troubled: Api, api: Api) -> None:
    assert (await troubled.get("/dead-letters")).json() == LISTED
    assert (await api.get("/dead-letters")).json() == {"items": [], "nextCursor": None}


async def test_dead_letters_come_in_pages_however_many_there_are(
    crowded: Api, many_letters: CrowdedCentral
) -> None:
    first = (await crowded.get("/dead-letters")).json()
    next_ones = f"/dead-letters?limit=1000&cursor={first['nextCursor']}"
    rest = (await crowded.get(next_ones)).json()
    assert [letter["sequence"] for letter in first["items"]] == list(range(1, 101))
    assert [letter["sequence"] for letter in rest["items"]] == list(range(101, 1002))
    assert rest["nextCursor"] is None
    assert many_letters.asked == [101, 1001]


@pytest.mark.parametrize("limit", ["0", "1001", "all"])
async def test_a_page_of_dead_letters_is_no_longer_than_a_thousand(
    troubled: Api, limit: str
) -> None:
    answer = await troubled.get(f"/dead-letters?limit={limit}")
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (400, "/limit")


@pytest.mark.parametrize("cursor", ["", "YXBwbGU", "NC4w%21", "NC4", "LTQuMA", "4.0"])
async def test_a_cursor_that_no_list_of_letters_gave_out_is_malformed(
    troubled: Api, cursor: str
) -> None:
    answer = await troubled.get(f"/dead-letters?cursor={cursor}")
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (400, "/cursor")


async def test_a_dead_letter_is_redriven(troubled: Api) -> None:
    answer = await troubled.post("/dead-letters/4.0/redrive", idempotency_key="k")
    assert (answer.status_code, answer.json()) == (200, LETTER | {"status": "redriven"})


async def test_a_dead_letter_is_discarded_for_a_reason(troubled: Api) -> None:
    answer = await troubled.post("/dead-letters/4.0/discard", {"reason": "counted again"})
    assert answer.status_code == 200
    assert answer.json() == LETTER | {"status": "discarded", "reason": "counted again"}


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": "x" * 256}])
async def test_nothing_is_discarded_without_a_reason(troubled: Api, body: object) -> None:
    answer = await troubled.post("/dead-letters/4.0/discard", body)
    assert answer.status_code in {400, 415}
    assert (await troubled.get("/dead-letters")).json() == LISTED


@pytest.mark.parametrize(
    ("what", "body"), [("redrive", None), ("discard", {"reason": "counted again"})]
)
async def test_a_letter_that_is_not_there_is_not_found(
    troubled: Api, api: Api, what: str, body: object
) -> None:
    for served in (troubled, api):
        answer = await served.post(f"/dead-letters/9.9/{what}", body)
        assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")
