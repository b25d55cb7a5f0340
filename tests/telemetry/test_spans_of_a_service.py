"""A real process tells a receiver of its requests, and goes on when there is none."""

from pathlib import Path
from typing import Any

from surestock.runtime.errors import REFUSED
from tests.runtime.process import API, Process, Service
from tests.telemetry.receiver import receiving
from tests.telemetry.test_otlp import nobody_listens

COUNT = "PUT /stores/{storeId}/inventory/{sku}"


def requests(service: Process) -> list[dict[str, Any]]:
    return [line for line in service.lines() if line["event"] == "request"]


def test_each_request_is_a_span_and_its_line_has_the_trace(tmp_path: Path) -> None:
    with receiving() as receiver:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "10",
        }
        with Service(tmp_path, *API, **settings) as service:
            service.count("apple", 3)
            # A process that ends does not wait for long for a receiver that stands still.
            names = {receiver.names.get(timeout=60)}
            service.process.terminate()
            assert service.ended() == 0
            (line,) = [line for line in requests(service) if line["method"] == "PUT"]
        names |= {receiver.names.get() for _ in range(receiver.names.qsize())}
        assert names == {COUNT}
        assert bytes.fromhex(line["traceId"]) in receiver.bodies
        for nobodys_business in (b"apple", b"berlin"):
            assert nobodys_business not in receiver.bodies


def test_an_endpoint_that_is_down_costs_no_request_and_one_line(tmp_path: Path) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": nobody_listens(), "OTEL_BSP_SCHEDULE_DELAY": "10"}
    with Service(tmp_path, *API, **settings) as service:
        asked = 0
        while not any("leftOut" in line for line in service.lines()):
            service.count("apple", asked)
            asked += 1
        service.count("apple", asked)
        service.process.terminate()
        assert service.ended() == 0
        assert [line["status"] for line in requests(service)].count(200) == asked
        assert sum("leftOut" in line for line in service.lines()) == 1


def test_an_endpoint_that_is_no_address_is_refused(tmp_path: Path) -> None:
    with Process(tmp_path, *API, OTEL_EXPORTER_OTLP_ENDPOINT="collector:4318") as process:
        assert process.ended() == REFUSED
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in process.errors
