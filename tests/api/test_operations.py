"""The service about itself: health, readiness, metrics in both forms, the document."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus
from tests.api.desk import LEVEL, Api, problem

ABOUT_HTTP = True


@pytest.mark.parametrize("path", ["/health", "/health/liveness"])
async def test_health_is_ok(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_readiness_tells_that_work_is_taken_on(api: Api) -> None:
    answer = await api.get("/health/readiness")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "breakers": {"journal": "closed", "worker": "closed", "commerce": "closed"},
        "queueDepth": 0,
        "mode": "read_write",
        "sync": {"alive": True, "appliedSequence": 0, "lagEvents": 0, "lagSeconds": 0.0},
        "reasons": [],
        "warnings": [],
    }


class ReadOnlyEngine(MemoryEngine):
    """Cannot write its log."""

    def status(self) -> EngineStatus:
        return EngineStatus(5, 3, read_only=True, reasons=("the disk is full",))


@pytest.fixture
async def read_only(clock: ManualClock) -> AsyncIterator[Api]:
    built = Api(ReadOnlyEngine(clock, IdSource("bootboot"), timedelta(hours=24)), clock)
    async with built.client:
        yield built


async def test_readiness_tells_why_not(read_only: Api) -> None:
    answer = await read_only.get("/health/readiness")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "breakers": {"journal": "open", "worker": "closed", "commerce": "closed"},
        "queueDepth": 3,
        "mode": "read_only",
        "sync": {"alive": True, "appliedSequence": 0, "lagEvents": 0, "lagSeconds": 0.0},
        "reasons": ["the disk is full"],
        "warnings": [],
    }


async def test_metrics_are_prometheus_text_that_parses(api: Api) -> None:
    await api.count(10)
    await api.post(f"{LEVEL}/reserve", {"qty": 99})
    answer = await api.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {found.name: found for found in text_string_to_metric_families(answer.text)}
    own = {name for name in families if name.startswith("surestock_")}
    assert {"surestock_http_requests", "surestock_commit_duration_seconds"} <= own
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["surestock_http_requests"].samples
        if sample.name.endswith("_total")
    }
    assert requests["/stores/{storeId}/inventory/{sku}", "201"] == 1
    assert requests["/stores/{storeId}/inventory/{sku}/reserve", "409"] == 1


async def test_no_label_holds_a_name_of_the_business(api: Api) -> None:
    await api.count(10)
    await api.get("/somebody/made/this/up")
    text = (await api.get("/metrics")).text
    assert "berlin" not in text
    assert "apple" not in text
    assert "somebody" not in text


async def test_metrics_as_json_hold_every_counter_of_the_contract(api: Api) -> None:
    await api.count(10)
    await api.post(f"{LEVEL}/reserve", {"qty": 99})
    counters = (await api.get("/metrics", accept="application/json")).json()
    assert set(counters) == {
        *("requests", "errors", "conflicts", "idempotentHits", "rateLimited", "shed"),
        *("breakerOpen", "fsRetries", "snapshots", "lockAcquired", "lockContended"),
        *("lockStolen", "lockExpired", "lockLost", "lockReleaseFailures"),
    }
    assert (counters["requests"], counters["errors"], counters["conflicts"]) == (2, 0, 1)


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/metrics", "*/*", "text/plain"),
        ("/metrics", "text/*;q=0.5, application/json;q=0.9", "application/json"),
        ("/metrics", "application/json;q=0, */*", "text/plain"),
        ("/metrics", "", "text/plain"),
        ("/events", "application/*", "application/json"),
        ("/events", "text/event-stream, application/json", "application/json"),
    ],
)
async def test_accept_chooses_the_form(api: Api, path: str, accept: str, content_type: str) -> None:
    answer = await api.get(path, accept=accept)
    assert answer.headers["content-type"].partition(";")[0] == content_type


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/metrics", "image/png"),
        ("/metrics", "text/plain;q=0"),
        ("/metrics", "text/plain;q=much"),
        ("/events", "text/html"),
    ],
)
async def test_a_form_that_is_not_there_is_not_acceptable(api: Api, path: str, accept: str) -> None:
    answer = await api.get(path, accept=accept)
    assert (answer.status_code, problem(answer)["error"]) == (406, "NotAcceptable")


async def test_the_document_is_served_as_it_is_in_the_repository(
    api: Api, pytestconfig: pytest.Config
) -> None:
    served = (await api.get("/openapi.json")).json()
    written = yaml.safe_load((pytestconfig.rootpath / "openapi.yaml").read_text())
    assert served == written, "run `make openapi`"


async def test_the_document_knows_every_route(api: Api) -> None:
    document = (await api.get("/openapi.json")).json()
    operations = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert operations == {
        "GET /stores/{storeId}/inventory",
        "GET /stores/{storeId}/inventory/{sku}",
        "PUT /stores/{storeId}/inventory/{sku}",
        "POST /stores/{storeId}/inventory/{sku}/adjust",
        "POST /stores/{storeId}/inventory/{sku}/reserve",
        "GET /stores/{storeId}/inventory/{sku}/history",
        "POST /reservations",
        "GET /reservations/{reservationId}",
        "POST /reservations/{reservationId}/commit",
        "POST /reservations/{reservationId}/release",
        "POST /reservations/{reservationId}/extend",
        "POST /inventory/batch",
        "GET /catalog",
        "GET /catalog/{sku}",
        "PUT /catalog/{sku}",
        "GET /carts/{userId}",
        "DELETE /carts/{userId}",
        "POST /carts/{userId}/items",
        "PATCH /carts/{userId}/items/{sku}",
        "DELETE /carts/{userId}/items/{sku}",
        "POST /carts/{userId}/sync",
        "POST /carts/{userId}/checkout",
        "GET /carts/{userId}/checkout",
        "POST /carts/{userId}/checkout/resolve",
        "POST /sync",
        "GET /central/inventory",
        "GET /central/inventory/{sku}",
        "GET /dead-letters",
        "POST /dead-letters/{letterId}/redrive",
        "POST /dead-letters/{letterId}/discard",
        "GET /events",
        "GET /health",
        "GET /health/liveness",
        "GET /health/readiness",
        "GET /metrics",
    }


async def test_the_documentation_page_is_there(api: Api) -> None:
    answer = await api.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in answer.text
