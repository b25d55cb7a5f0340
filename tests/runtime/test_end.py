"""How the process ends: 0 when it was told to, 1 when it failed, nothing accepted is lost."""

import http.client
import signal
import socket
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.runtime.process import Service
from tests.runtime.test_deadline import HOUR_MS

_FAILING = Path(__file__).with_name("failing.py")
LEVEL = "/stores/berlin/inventory/apple"


def put(port: int, on_hand: int) -> int:
    headers = {"content-type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("PUT", LEVEL, msgspec.json.encode({"onHand": on_hand}), headers)
        return connection.getresponse().status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("engine", ["memory", "log"])
def test_a_signal_ends_it_with_0(tmp_path: Path, number: signal.Signals, engine: str) -> None:
    with Service(tmp_path, ENGINE=engine) as service:
        assert put(service.port, 1) == 201
        service.process.send_signal(number)
        assert service.ended() == 0
        assert service.errors == ""
    events = [line["event"] for line in service.lines()]
    assert events[-1] == "stopped"
    assert ("the sync worker stopped" in events) == (engine == "log")
    assert service.complaints() == []


def test_what_was_accepted_is_answered_before_the_end(tmp_path: Path) -> None:
    body = b'{"onHand":1}'
    head = (
        f"PUT {LEVEL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with (
        Service(tmp_path, ENGINE="log", SHUTDOWN_TIMEOUT_MS=HOUR_MS) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=60) as client,
    ):
        client.sendall(head + body[:5])
        assert put(service.port, 7) == 201
        service.process.send_signal(signal.SIGTERM)
        service.refuses()
        client.sendall(body[5:])
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert service.ended() == 0


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    for expected in (201, 200):
        with Service(tmp_path, ENGINE="log") as service:
            assert put(service.port, 1) == expected
            service.process.terminate()
            assert service.ended() == 0


def test_an_engine_that_failed_ends_it_with_1(tmp_path: Path) -> None:
    with Service(tmp_path, sys.executable, str(_FAILING)) as service:
        assert put(service.port, 1) == 201
        service.process.send_signal(signal.SIGUSR1)
        assert service.ended() == 1
    lines = service.lines()
    assert [line["event"] for line in lines[-2:]] == ["the engine failed", "stopped"]
    assert lines[-2]["why"] == "the disk is gone"


def test_a_log_that_nobody_reads_does_not_hold_up_the_service(tmp_path: Path) -> None:
    with Service(tmp_path, sys.executable, str(_FAILING)) as service:
        service.process.send_signal(signal.SIGUSR2)
        for _ in range(3):
            assert put(service.port, 1) in {200, 201}
        service.process.terminate()
        assert service.ended() == 0
