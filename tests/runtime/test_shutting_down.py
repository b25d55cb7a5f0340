"""Who comes while the process ends is told so; who waits then is turned away, and never cut."""

import signal
from pathlib import Path

import pytest

from tests.runtime.process import Service
from tests.runtime.test_deadline import (
    BODY,
    DEADLINE_MS,
    HANGING,
    HOUR_MS,
    PUT,
    connect,
    hangs,
    rest_of,
)

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries


def test_connections_that_are_open_are_answered_while_others_still_are(tmp_path: Path) -> None:
    with (
        Service(tmp_path, ENGINE="log", SHUTDOWN_TIMEOUT_MS=HOUR_MS) as service,
        connect(service) as slow,
        connect(service) as probe,
        connect(service) as late,
    ):
        slow.sendall(PUT % b"pear" + BODY[:5])
        service.count("apple", 1)
        service.process.send_signal(signal.SIGTERM)
        service.refuses()
        probe.sendall(b"GET /health/readiness HTTP/1.1\r\nHost: x\r\n\r\n")
        readiness = probe.recv(65_536)
        assert readiness.startswith(b"HTTP/1.1 503 ")
        assert b'"reasons":["the process was told to end"]' in readiness
        late.sendall(PUT % b"plum" + BODY)
        refusal = late.recv(65_536)
        assert refusal.startswith(b"HTTP/1.1 503 ")
        assert b'"error":"ShuttingDown"' in refusal
        slow.sendall(BODY[5:])
        assert rest_of(slow).startswith(b"HTTP/1.1 201 ")
        assert rest_of(probe) == rest_of(late) == b""
        assert service.ended() == 0


def test_who_waits_for_admission_is_turned_away_and_not_cut(tmp_path: Path) -> None:
    settings = {"ENGINE": "log", "SHUTDOWN_TIMEOUT_MS": DEADLINE_MS, "CONCURRENCY_API": "1"}
    with (
        Service(tmp_path, *HANGING, "fdatasync", **settings) as service,
        connect(service) as first,
        connect(service) as second,
    ):
        service.count("apple", 7)
        service.process.send_signal(signal.SIGUSR1)
        first.sendall(PUT % b"pear" + BODY)
        service.until(lambda: hangs(service))
        second.sendall(PUT % b"plum" + BODY)
        service.until(lambda: service.ask("GET", "/health/readiness")[1]["queueDepth"] == 2)
        service.process.send_signal(signal.SIGTERM)
        refusal = rest_of(second)
        assert refusal.startswith(b"HTTP/1.1 503 ")
        assert b'"error":"ShuttingDown"' in refusal
        assert rest_of(first) == b""
        assert service.ended() == 1
