"""Keys over HTTP: every route of openapi.yaml asks for one, for its scope, and for the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.api.desk import LEVEL, Api, problem
from tests.api.keys import EVERY_SCOPE, FakeKeys

ABOUT_HTTP = True

_DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
_PUBLIC = {"/health", "/health/liveness", "/health/readiness"}
_VALUES = {
    "{storeId}": "berlin",
    "{sku}": "apple",
    "{reservationId}": "bootboot-1",
    "{letterId}": "1.0",
    "{userId}": "ann",
}


def operations() -> Iterator[tuple[str, str, str | None]]:
    """Yield method, path and scope of each operation, as the repository documents it."""
    for path, methods in yaml.safe_load(_DOCUMENT.read_text())["paths"].items():
        for method, operation in methods.items():
            security = operation.get("security")
            yield method.upper(), path, security[0]["apiKey"][0] if security else None


SECURED = [(method, path, scope) for method, path, scope in operations() if scope is not None]


def filled(path: str) -> str:
    for name, value in _VALUES.items():
        path = path.replace(name, value)
    assert "{" not in path
    return path


def test_whatever_is_not_a_probe_is_secured() -> None:
    assert {path for _, path, scope in operations() if scope is None} == _PUBLIC
    assert len(SECURED) > 15


@pytest.mark.parametrize(("method", "path", "scope"), SECURED)
async def test_a_route_asks_for_a_key_and_its_scope(
    guarded: Api, keys: FakeKeys, method: str, path: str, scope: str
) -> None:
    path = filled(path)
    for headers in (
        {},
        {"authorization": "Bearer nobody"},
        {"authorization": "Basic Zm9vOmJhcg=="},
    ):
        answer = await guarded.send(method, path, **headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert problem(answer)["error"] == "Unauthorized"
    wrong = keys.know("wrong-scope", EVERY_SCOPE - {scope})
    answer = await guarded.send(method, path, **wrong)
    assert answer.status_code == 403
    assert (problem(answer)["error"], problem(answer)["scope"]) == ("Forbidden", scope)
    right = keys.know("right", {scope})
    assert (await guarded.send(method, path, **right)).status_code not in {401, 403}
    keys.revoke("right")
    assert (await guarded.send(method, path, **right)).status_code == 401


@pytest.mark.parametrize("path", sorted(_PUBLIC))
async def test_a_probe_needs_no_key(guarded: Api, path: str) -> None:
    assert (await guarded.get(path)).status_code == 200


async def test_who_is_not_known_learns_nothing_of_what_is_wrong_or_there(guarded: Api) -> None:
    assert (await guarded.post(f"{LEVEL}/reserve", {"qty": "x"})).status_code == 401
    assert (await guarded.get("/stores/../inventory/x")).status_code in {401, 404}
    assert (await guarded.post("/reservations/none/commit")).status_code == 401
    assert (await guarded.send("PUT", LEVEL, b"not json")).status_code == 401


async def test_an_answer_of_one_client_is_not_given_to_another(
    guarded: Api, keys: FakeKeys
) -> None:
    ours, theirs = keys.know("ours"), keys.know("theirs")
    await guarded.put(LEVEL, {"onHand": 10}, **ours)
    reserve = f"{LEVEL}/reserve"
    first = await guarded.post(reserve, {"qty": 1}, idempotency_key="k", **ours)
    other = await guarded.post(reserve, {"qty": 1}, idempotency_key="k", **theirs)
    again = await guarded.post(reserve, {"qty": 1}, idempotency_key="k", **ours)
    assert "idempotent-replayed" not in other.headers
    assert first.json()["reservationId"] != other.json()["reservationId"]
    assert again.content == first.content
    # Another payload under the same name is a conflict for its owner alone.
    assert (await guarded.post(reserve, {"qty": 2}, idempotency_key="k", **ours)).status_code == 409
    assert (
        await guarded.post(reserve, {"qty": 2}, idempotency_key="j", **theirs)
    ).status_code == 200


async def test_a_client_that_replaces_its_key_keeps_its_answers(
    guarded: Api, keys: FakeKeys
) -> None:
    old, new = keys.know("old", client="till-1"), keys.know("new", client="till-1")
    await guarded.put(LEVEL, {"onHand": 10}, **old)
    first = await guarded.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k", **old)
    again = await guarded.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k", **new)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"


async def test_an_answer_on_record_is_given_only_to_who_may_still_ask(
    guarded: Api, keys: FakeKeys
) -> None:
    key = keys.know("till")
    await guarded.put(LEVEL, {"onHand": 10}, **key)
    await guarded.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k", **key)
    keys.know("till", {"inventory:read"})
    again = await guarded.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k", **key)
    assert (again.status_code, again.json()["error"]) == (403, "Forbidden")
    keys.revoke("till")
    again = await guarded.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k", **key)
    assert (again.status_code, again.json()["error"]) == (401, "Unauthorized")


async def test_the_log_says_which_client_changed_what_and_never_the_key(
    guarded: Api, keys: FakeKeys
) -> None:
    key = keys.know("secret-of-till-1", client="till-1")
    await guarded.put(LEVEL, {"onHand": 10}, **key)
    history = (await guarded.get(f"{LEVEL}/history", **key)).json()
    assert [entry["actor"] for entry in history["items"]] == ["till-1"]
    events = (await guarded.get("/events", **key)).text
    assert "secret" not in events + str(guarded.lines)


class TestAKeyForSomeStores:
    @pytest.fixture
    async def api(self, guarded: Api, keys: FakeKeys) -> Api:
        chain = keys.know("chain")
        for store in ("berlin", "paris"):
            await guarded.put(f"/stores/{store}/inventory/apple", {"onHand": 10}, **chain)
        return guarded

    @pytest.fixture
    def key(self, keys: FakeKeys) -> dict[str, str]:
        return keys.know("till", stores={"berlin"})

    @pytest.mark.parametrize("path", ["", "/apple", "/apple/history"])
    async def test_reads_its_stores_alone(self, api: Api, key: dict[str, str], path: str) -> None:
        assert (await api.get(f"/stores/berlin/inventory{path}", **key)).status_code == 200
        refused = await api.get(f"/stores/paris/inventory{path}", **key)
        assert (refused.status_code, "scope" in refused.json()) == (403, False)

    async def test_changes_its_stores_alone(self, api: Api, key: dict[str, str]) -> None:
        body = {"qty": 1}
        assert (await api.post(f"{LEVEL}/reserve", body, **key)).status_code == 200
        before = await api.sequence()
        other = "/stores/paris/inventory/apple"
        assert (await api.post(f"{other}/reserve", body, **key)).status_code == 403
        assert (await api.post(f"{other}/adjust", {"delta": 1}, **key)).status_code == 403
        assert (await api.put(other, {"onHand": 1}, **key)).status_code == 403
        lines = [{"storeId": store, "sku": "apple", "qty": 1} for store in ("berlin", "paris")]
        assert (await api.post("/reservations", {"lines": lines}, **key)).status_code == 403
        assert await api.sequence() == before
        mine = await api.post("/reservations", {"lines": lines[:1]}, **key)
        assert mine.status_code == 201

    async def test_has_no_say_in_the_reservations_of_others(
        self, api: Api, keys: FakeKeys, key: dict[str, str]
    ) -> None:
        lines = [{"storeId": store, "sku": "apple", "qty": 1} for store in ("berlin", "paris")]
        made = await api.post("/reservations", {"lines": lines}, **keys.know("chain"))
        path = made.headers["location"]
        assert (await api.get(path, **key)).status_code == 403
        before = await api.sequence()
        for act in ("commit", "release"):
            assert (await api.post(f"{path}/{act}", **key)).status_code == 403
        assert (await api.post(f"{path}/extend", {"ttlSeconds": 9}, **key)).status_code == 403
        assert await api.sequence() == before

    async def test_gets_its_rows_of_a_batch(self, api: Api, key: dict[str, str]) -> None:
        rows = [
            {"op": "adjust", "storeId": store, "sku": "apple", "delta": 1}
            for store in ("paris", "berlin", "paris", "berlin")
        ]
        answer = await api.post("/inventory/batch", {"operations": rows}, **key)
        results = answer.json()["results"]
        assert [row["status"] for row in results] == [403, 200, 403, 200]
        assert [row.get("storeId") for row in results] == [None, "berlin", None, "berlin"]

    @pytest.mark.parametrize(
        "path", ["/central/inventory", "/central/inventory/apple", "/events", "/dead-letters"]
    )
    async def test_does_not_see_the_whole_chain(
        self, api: Api, key: dict[str, str], path: str
    ) -> None:
        assert (await api.get(path, **key)).status_code == 403
