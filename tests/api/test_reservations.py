"""Reservations over HTTP: made over stores, read, committed, released, extended, and their end."""

from typing import Any

import pytest

from surestock.kit.clock import ManualClock
from tests.api.desk import LEVEL, Api, problem

PARIS = "/stores/paris/inventory/pear"


def line(qty: int, store: str = "berlin", sku: str = "apple", **more: int) -> dict[str, Any]:
    return {"storeId": store, "sku": sku, "qty": qty, **more}


@pytest.fixture
async def stocked(api: Api) -> Api:
    await api.count(10)
    await api.count(5, PARIS)
    return api


async def make(api: Api, *lines: dict[str, Any], **more: object) -> str:
    answer = await api.post("/reservations", {"lines": lines, **more})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["reservationId"]
    return made


async def test_lines_over_stores_are_reserved_together(stocked: Api) -> None:
    answer = await stocked.post(
        "/reservations", {"lines": [line(2), line(3, "paris", "pear")], "ttlSeconds": 60}
    )
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/reservations/{body['reservationId']}"
    assert answer.headers["x-commit-sequence"] == "3"
    assert body["status"] == "active"
    assert body["lines"] == [line(2), line(3, "paris", "pear")]
    assert body["expiresAt"] == "2026-01-01T00:01:00Z"
    assert (await stocked.get(answer.headers["location"])).json() == {
        member: value for member, value in body.items() if member != "sequence"
    }


async def test_repeated_lines_are_summed_before_the_check(stocked: Api) -> None:
    refused = await stocked.post("/reservations", {"lines": [line(6), line(5)]})
    assert refused.status_code == 409
    assert problem(refused)["lines"][0]["requested"] == 11
    answer = await stocked.post("/reservations", {"lines": [line(6), line(4)]})
    assert answer.json()["lines"] == [line(10)]


async def test_a_version_on_one_of_two_repeated_lines_counts_for_both(stocked: Api) -> None:
    lines = [line(1), line(1, expectedVersion=7)]
    answer = await stocked.post("/reservations", {"lines": lines})
    assert answer.status_code == 409
    assert problem(answer)["error"] == "VersionConflict"


async def test_repeated_lines_with_differing_versions_are_malformed(stocked: Api) -> None:
    lines = [line(1, expectedVersion=1), line(1, expectedVersion=2)]
    answer = await stocked.post("/reservations", {"lines": lines})
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/lines/1/expectedVersion"


async def test_a_sum_over_the_largest_quantity_is_malformed(stocked: Api) -> None:
    largest = 9_007_199_254_740_991
    answer = await stocked.post("/reservations", {"lines": [line(largest), line(1)]})
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/lines/1/qty"


async def test_every_line_that_failed_is_listed_with_its_reason(stocked: Api) -> None:
    lines = [line(11), line(1, "paris", "pear", expectedVersion=9), line(1, "rome", "fig")]
    answer = await stocked.post("/reservations", {"lines": lines})
    assert answer.status_code == 404
    told = {fault["sku"]: fault for fault in problem(answer)["lines"]}
    assert told["apple"]["error"] == "InsufficientStock"
    assert (told["apple"]["available"], told["apple"]["requested"]) == (10, 11)
    assert told["pear"]["error"] == "VersionConflict"
    assert (told["pear"]["currentVersion"], told["pear"]["expectedVersion"]) == (1, 9)
    assert told["fig"]["error"] == "NotFound"
    assert await stocked.sequence() == 2


@pytest.mark.parametrize(
    ("lines", "status", "error"),
    [
        ([line(1, "rome", "fig"), line(1, expectedVersion=9)], 404, "NotFound"),
        ([line(1, expectedVersion=9), line(9, "paris", "pear")], 409, "VersionConflict"),
        ([line(1), line(9, "paris", "pear")], 409, "InsufficientStock"),
    ],
)
async def test_the_code_of_several_faults_follows_the_order_of_precedence(
    stocked: Api, lines: list[dict[str, Any]], status: int, error: str
) -> None:
    answer = await stocked.post("/reservations", {"lines": lines})
    assert (answer.status_code, problem(answer)["error"]) == (status, error)


async def test_a_commit_takes_the_units_from_on_hand(stocked: Api) -> None:
    made = await make(stocked, line(4))
    answer = await stocked.post(f"/reservations/{made}/commit")
    assert answer.status_code == 200
    assert answer.json()["status"] == "committed"
    assert answer.json()["committed"] == [line(4)]
    level = (await stocked.get(LEVEL)).json()
    assert (level["onHand"], level["reserved"]) == (6, 0)


async def test_a_commit_of_a_part_releases_the_rest(stocked: Api) -> None:
    made = await make(stocked, line(4), line(2, "paris", "pear"))
    answer = await stocked.post(f"/reservations/{made}/commit", {"lines": [line(1), line(2)]})
    assert answer.json()["committed"] == [line(3)]
    level = (await stocked.get(LEVEL)).json()
    assert (level["onHand"], level["reserved"]) == (7, 0)
    assert (await stocked.get(PARIS)).json()["onHand"] == 5


async def test_a_commit_of_more_than_is_reserved_is_refused(stocked: Api) -> None:
    made = await make(stocked, line(4))
    answer = await stocked.post(f"/reservations/{made}/commit", {"lines": [line(3), line(2)]})
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "InsufficientStock")
    assert (members["available"], members["requested"]) == (4, 5)


@pytest.mark.parametrize("body", [None, {}, {"lines": None}])
async def test_a_commit_needs_no_body(stocked: Api, body: object) -> None:
    made = await make(stocked, line(4))
    answer = await stocked.post(f"/reservations/{made}/commit", body)
    assert answer.json()["committed"] == [line(4)]


@pytest.mark.parametrize("body", [None, {}])
async def test_a_release_gives_the_units_back(stocked: Api, body: object) -> None:
    made = await make(stocked, line(4))
    answer = await stocked.post(f"/reservations/{made}/release", body)
    assert (answer.status_code, answer.json()["status"]) == (200, "released")
    assert (await stocked.get(LEVEL)).json()["qty"] == 10


async def test_an_extension_moves_the_end(stocked: Api, clock: ManualClock) -> None:
    made = await make(stocked, line(4), ttlSeconds=60)
    clock.advance(50)
    answer = await stocked.post(f"/reservations/{made}/extend", {"ttlSeconds": 60})
    assert answer.json()["expiresAt"] == "2026-01-01T00:01:50Z"
    clock.advance(20)
    assert (await stocked.get(f"/reservations/{made}")).json()["status"] == "active"


@pytest.mark.parametrize("verb", ["commit", "release", "extend"])
async def test_a_resolved_reservation_has_had_its_one_end(stocked: Api, verb: str) -> None:
    made = await make(stocked, line(4))
    await stocked.post(f"/reservations/{made}/release")
    body = {"ttlSeconds": 5} if verb == "extend" else None
    answer = await stocked.post(f"/reservations/{made}/{verb}", body)
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "ReservationResolved")
    assert members["reservationStatus"] == "released"
    assert members["reservation"]["reservationId"] == made


async def test_an_expired_reservation_is_shown_as_expired(stocked: Api, clock: ManualClock) -> None:
    made = await make(stocked, line(4), ttlSeconds=60)
    clock.advance(60)
    assert (await stocked.get(f"/reservations/{made}")).json()["status"] == "expired"
    answer = await stocked.post(f"/reservations/{made}/commit")
    assert problem(answer)["reservationStatus"] == "expired"


@pytest.mark.parametrize("verb", ["", "/commit", "/release", "/extend"])
async def test_an_unknown_reservation_is_not_found(api: Api, verb: str) -> None:
    body = {"ttlSeconds": 5} if verb == "/extend" else None
    answer = await api.send("POST" if verb else "GET", f"/reservations/nothing{verb}", body)
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")


@pytest.mark.parametrize("count", [0, 101])
async def test_a_reservation_has_1_to_100_lines(stocked: Api, count: int) -> None:
    answer = await stocked.post("/reservations", {"lines": [line(1)] * count})
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/lines"
