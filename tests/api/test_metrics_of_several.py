"""``GET /metrics`` of several processes on one port: each answers for all, in both forms."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from tests.api.desk import LEVEL, Api


@pytest.fixture
async def several(clock: ManualClock, tmp_path: Path) -> AsyncIterator[list[Api]]:
    processes = [
        Api(
            MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24)),
            clock,
            slot=(tmp_path, slot),
        )
        for slot in range(3)
    ]
    yield processes
    for process in processes:
        await process.client.aclose()


async def test_each_answers_for_all(several: list[Api]) -> None:
    for number, process in enumerate(several, 1):
        for _ in range(number):
            await process.count(5)
        await process.post(f"{LEVEL}/reserve", {"qty": 99})
        await process.get("/metrics")
    for process in several:
        answer = await process.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        requests = [
            sample
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == "surestock_http_requests_total" and sample.labels["method"] == "PUT"
        ]
        assert {it.labels["status"]: it.value for it in requests} == {"201": 3, "200": 3}
        as_json = await process.get("/metrics", accept="application/json")
        assert as_json.headers["content-type"] == "application/json"
        assert as_json.json()["conflicts"] == 3
