"""Versions over HTTP: If-Match, If-None-Match and expectedVersion, alone and together."""

from typing import Any

import pytest

from tests.api.desk import LEVEL, Api, problem

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", LEVEL, {"onHand": 5}),
    ("POST", f"{LEVEL}/adjust", {"delta": 1}),
    ("POST", f"{LEVEL}/reserve", {"qty": 1}),
]
every_call = pytest.mark.parametrize(("method", "path", "body"), CALLS)


@pytest.fixture
async def at_version_2(api: Api) -> Api:
    await api.count(10)
    await api.post(f"{LEVEL}/adjust", {"delta": 0})
    return api


@every_call
@pytest.mark.parametrize("tag", ['"2"', "2", "*"])
async def test_a_matching_condition_lets_the_command_through(
    at_version_2: Api, method: str, path: str, body: dict[str, Any], tag: str
) -> None:
    answer = await at_version_2.send(method, path, body, if_match=tag)
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"3"'


@every_call
@pytest.mark.parametrize("place", ["body", "header"])
async def test_a_stale_version_is_a_conflict_that_shows_the_current_record(
    at_version_2: Api, method: str, path: str, body: dict[str, Any], place: str
) -> None:
    if place == "body":
        answer = await at_version_2.send(method, path, body | {"expectedVersion": 1})
    else:
        answer = await at_version_2.send(method, path, body, if_match='"1"')
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "VersionConflict")
    assert (members["currentVersion"], members["expectedVersion"]) == (2, 1)
    assert members["current"] == (await at_version_2.get(LEVEL)).json()
    assert await at_version_2.sequence() == 2


@every_call
async def test_a_weak_tag_never_matches(
    at_version_2: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await at_version_2.send(method, path, body, if_match='W/"2"')
    assert (answer.status_code, problem(answer)["error"]) == (409, "VersionConflict")
    assert problem(answer)["currentVersion"] == 2


@every_call
async def test_a_weak_tag_on_nothing_is_not_found(
    api: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await api.send(method, path, body, if_match='W/"2"')
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")


@every_call
async def test_header_and_body_may_agree(
    at_version_2: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await at_version_2.send(method, path, body | {"expectedVersion": 2}, if_match="2")
    assert answer.status_code == 200


@every_call
async def test_header_and_body_must_not_differ(
    at_version_2: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = await at_version_2.send(method, path, body | {"expectedVersion": 1}, if_match="2")
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/expectedVersion"


@pytest.mark.parametrize("tag", ["*", '"1"'])
async def test_a_count_under_if_match_needs_a_level(api: Api, tag: str) -> None:
    answer = await api.put(LEVEL, {"onHand": 5}, if_match=tag)
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")
    assert await api.sequence() == 0


async def test_a_count_under_if_none_match_creates_only(api: Api) -> None:
    created = await api.put(LEVEL, {"onHand": 5}, if_none_match="*")
    assert created.status_code == 201
    refused = await api.put(LEVEL, {"onHand": 6}, if_none_match="*")
    members = problem(refused)
    assert (refused.status_code, members["error"]) == (409, "VersionConflict")
    assert (members["currentVersion"], members["expectedVersion"]) == (1, None)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"if_none_match": '"1"'}, {}),
        ({"if_none_match": "*", "if_match": "*"}, {}),
        ({"if_none_match": "*", "if_match": "3"}, {}),
        ({"if_none_match": "*"}, {"expectedVersion": 1}),
    ],
)
async def test_contradicting_conditions_are_malformed(
    api: Api, headers: dict[str, str], body: dict[str, Any]
) -> None:
    answer = await api.put(LEVEL, {"onHand": 5} | body, **headers)
    assert answer.status_code == 400
    assert await api.sequence() == 0


@pytest.mark.parametrize("header", ["if_match", "if_none_match"])
@pytest.mark.parametrize("path", ["/reservations", "/reservations/some/commit", "/inventory/batch"])
async def test_a_condition_that_means_nothing_here_is_refused_not_ignored(
    api: Api, path: str, header: str
) -> None:
    line = {"storeId": "berlin", "sku": "apple", "qty": 1}
    bodies = {"/reservations": {"lines": [line]}, "/inventory/batch": {"operations": [line]}}
    answer = await api.post(path, bodies.get(path), **{header: "*"})
    assert answer.status_code == 400
    pointers = {fault["pointer"] for fault in problem(answer)["errors"]}
    assert pointers & {"/If-Match", "/If-None-Match"}


@every_call
@pytest.mark.parametrize(
    "tag", ['"0"', '"-1"', '"1', "1.0", '"x"', '"1", "2"', "", "9" * 17, "007"]
)
async def test_any_other_tag_is_malformed(
    at_version_2: Api, method: str, path: str, body: dict[str, Any], tag: str
) -> None:
    answer = await at_version_2.send(method, path, body, if_match=tag)
    assert answer.status_code == 400
    assert problem(answer)["errors"] == [
        {
            "in": "header",
            "pointer": "/If-Match",
            "detail": 'must be a version such as "7", or *',
        }
    ]
