"""The central view over HTTP: sums, stores, pages, how new it is, and who keeps it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from surestock.inventory.model import MAX_QUANTITY
from tests.api.desk import Api, problem

BERLIN = "/stores/berlin/inventory/apple"
AACHEN = "/stores/aachen/inventory/apple"


async def test_a_sku_is_summed_over_its_stores(api: Api) -> None:
    await api.count(10, BERLIN)
    await api.count(5, AACHEN)
    await api.post(f"{BERLIN}/reserve", {"qty": 4})
    answer = await api.get("/central/inventory/apple")
    assert answer.status_code == 200
    time = "2026-01-01T00:00:00Z"
    assert answer.json() == {
        "sku": "apple",
        "qty": 11,
        "onHand": 15,
        "reserved": 4,
        "stores": {
            "aachen": {"qty": 5, "onHand": 5, "reserved": 0, "version": 1, "updatedAt": time},
            "berlin": {"qty": 6, "onHand": 10, "reserved": 4, "version": 2, "updatedAt": time},
        },
        "appliedSequence": 3,
        "diverged": False,
    }


async def test_a_sum_may_be_larger_than_a_quantity(api: Api) -> None:
    for store in ("a", "b", "c"):
        await api.count(MAX_QUANTITY, f"/stores/{store}/inventory/apple")
    record = (await api.get("/central/inventory/apple")).json()
    assert record["qty"] == record["onHand"] == 3 * MAX_QUANTITY


async def test_a_client_reads_its_own_write(api: Api) -> None:
    answer = await api.put(BERLIN, {"onHand": 10})
    sequence = answer.headers["x-commit-sequence"]
    record = (await api.get(f"/central/inventory/apple?minSequence={sequence}")).json()
    assert (record["qty"], record["appliedSequence"]) == (10, int(sequence))


async def test_a_view_that_is_behind_says_when_to_ask_again(api: Api) -> None:
    await api.count(10, BERLIN)
    answer = await api.get("/central/inventory/apple?minSequence=2")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert problem(answer)["error"] == "CentralBehind"


async def test_a_sku_that_no_store_has_is_not_found(api: Api) -> None:
    answer = await api.get("/central/inventory/pear")
    assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")


async def test_a_sku_of_which_a_change_is_parked_is_diverged(troubled: Api) -> None:
    assert (await troubled.get("/central/inventory/apple")).json()["diverged"] is True


async def test_the_list_comes_in_pages_by_sku(api: Api) -> None:
    for sku in ("fig", "apple", "date", "cherry", "banana"):
        await api.count(3, f"/stores/berlin/inventory/{sku}")
        await api.count(4, f"/stores/aachen/inventory/{sku}")
    seen: list[tuple[str, int]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get(f"/central/inventory?limit=2{cursor and '&cursor=' + cursor}")).json()
        assert page["appliedSequence"] == 10
        seen += [(item["sku"], item["qty"]) for item in page["items"]]
        cursor = page["nextCursor"]
    assert seen == [(sku, 7) for sku in ("apple", "banana", "cherry", "date", "fig")]


async def test_a_cursor_that_no_list_gave_out_is_malformed(api: Api) -> None:
    answer = await api.get("/central/inventory?cursor=YXBw%21")
    assert problem(answer)["errors"][0]["pointer"] == "/cursor"


async def test_a_sync_tells_what_it_did(troubled: Api) -> None:
    answer = await troubled.post("/sync")
    assert answer.status_code == 200
    assert answer.json() == {"applied": 7, "deadLettered": 1, "appliedSequence": 11}


@pytest.mark.parametrize("body", [None, {}])
async def test_a_sync_may_be_repeated_under_a_key_and_covers_what_came_since(
    api: Api, body: object
) -> None:
    for sequence in (1, 2):
        await api.count(10, BERLIN)
        answer = await api.post("/sync", body, idempotency_key="k")
        assert answer.json()["appliedSequence"] == sequence
        assert "idempotent-replayed" not in answer.headers


async def test_a_sync_takes_nothing(api: Api) -> None:
    answer = await api.post("/sync", {"stores": ["berlin"]})
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (400, "/stores")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/sync", None),
        ("GET", "/central/inventory/apple", None),
        ("GET", "/central/inventory", None),
        ("GET", "/dead-letters", None),
        ("POST", "/dead-letters/4.0/redrive", None),
        ("POST", "/dead-letters/4.0/discard", {"reason": "x"}),
    ],
)
async def test_without_a_worker_every_question_is_a_503(
    absent: Api, method: str, path: str, body: object
) -> None:
    answer = await absent.send(method, path, body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert problem(answer)["error"] == "CentralBehind"
    assert problem(answer)["detail"] == "No sync worker is running."


async def test_a_worker_that_is_missing_does_not_make_the_service_unready(troubled: Api) -> None:
    answer = await troubled.get("/health/readiness")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["sync"] == {
        "alive": False,
        "appliedSequence": 11,
        "lagEvents": 4,
        "lagSeconds": 2.5,
    }


async def test_metrics_tell_how_the_view_is_kept(troubled: Api) -> None:
    families = {
        family.name: family.samples[0].value
        for family in text_string_to_metric_families((await troubled.get("/metrics")).text)
        if family.name.startswith(("surestock_sync", "surestock_dead", "surestock_snapshots"))
    }
    assert families == {
        "surestock_sync_applied_sequence": 11,
        "surestock_sync_lag_events": 4,
        "surestock_sync_lag_seconds": 2.5,
        "surestock_dead_letters": 1,
        "surestock_snapshots": 3,
    }
    counters = (await troubled.get("/metrics", accept="application/json")).json()
    assert counters["snapshots"] == 3
