"""Spans on the wire: they arrive at a receiver, and one that is not there is told of once."""

import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import anyio.to_thread
import msgspec
import pytest

from surestock.kit.clock import ManualClock
from surestock.telemetry.log import make_log
from surestock.telemetry.spans import Spans
from surestock.telemetry.tracing import make_spans
from tests.real.process import steady_port
from tests.telemetry.receiver import receiving

ROUTE = "/stores/{storeId}/inventory/{sku}"


@pytest.fixture(autouse=True)
def logger() -> Iterator[logging.Logger]:
    """The SDK's logger, put back as it was."""
    found = logging.getLogger("opentelemetry")
    handlers = list(found.handlers)
    yield found
    found.handlers[:] = handlers
    found.propagate = True


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One try a batch, so that nothing waits for the next; and time for it, however slow it is."""
    monkeypatch.setattr("surestock.telemetry.otlp._LAST_SPANS_S", 60.0)
    monkeypatch.setattr("opentelemetry.exporter.otlp.common.http._MAX_RETRIES", 1)


class Listener(logging.Handler):
    """Counts what it hears."""

    heard = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += 1


def spans_to(endpoint: str, lines: list[bytes]) -> Spans:
    clock = ManualClock()
    spans = make_spans(endpoint, clock, make_log(lines.append, clock, "info"))
    assert spans is not None
    return spans


def nobody_listens() -> str:
    return f"http://127.0.0.1:{steady_port()}"


def events(lines: list[bytes]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in lines]


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_waits_arrives_at_the_end(slash: str) -> None:
    lines: list[bytes] = []
    with receiving() as receiver:
        spans = spans_to(receiver.endpoint + slash, lines)
        for status in (200, 409):
            spans.record("GET", ROUTE, status, 0.01, None)
        spans.close()
        assert [receiver.names.get(timeout=60) for _ in range(2)] == [f"GET {ROUTE}"] * 2
        assert receiver.paths == {"/v1/traces"}
    assert lines == []


def test_an_endpoint_that_is_down_costs_one_line_however_many_spans_are_lost() -> None:
    lines: list[bytes] = []
    spans = spans_to(nobody_listens(), lines)
    for _ in range(5000):
        assert len(spans.record("GET", ROUTE, 200, 0.01, None)) == 32
    spans.close()
    (line,) = events(lines)
    assert line["level"] == "warning"
    assert line["logger"].startswith("opentelemetry.")


def test_without_the_bound_there_would_be_many_lines(logger: logging.Logger) -> None:
    listener = Listener()
    spans = spans_to(nobody_listens(), [])
    logger.addHandler(listener)
    for _ in range(5000):
        spans.record("GET", ROUTE, 200, 0.01, None)
    spans.close()
    assert listener.heard > 1


def test_an_endpoint_that_never_answers_does_not_hold_the_end_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("surestock.telemetry.otlp._LAST_SPANS_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        spans = spans_to(f"http://127.0.0.1:{silent.getsockname()[1]}", [])
        spans.record("GET", ROUTE, 200, 0.01, None)
        spans.close()
        waiting = [it for it in threading.enumerate() if it.name == "surestock-last-spans"]
        assert waiting, "it came to its end: then nothing was hung"
    for thread in waiting:
        thread.join()


@pytest.mark.usefixtures("no_blocking_calls")
async def test_the_event_loop_never_waits_for_the_endpoint() -> None:
    # Made before the loop turns, as the process does.
    spans = await anyio.to_thread.run_sync(spans_to, nobody_listens(), [])
    for _ in range(3000):  # more than wait: the rest is dropped
        spans.record("GET", ROUTE, 200, 0.01, None)
    await anyio.to_thread.run_sync(spans.close)
