"""Told to end, the process ends in time, whatever hangs: with 1, and it says what was left."""

import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from surestock.journal.hold import JournalHold
from tests.runtime.process import API, WORKER, Process, Service
from tests.runtime.test_worker_dies import is_alive
from tests.runtime.tries import in_time_at_least_once, require_in_time

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

HANGING = (sys.executable, str(Path(__file__).with_name("hanging.py")))
HOUR_MS = "3600000"
DEADLINE_MS = "5000"
_DEADLINE_S = 5.0
_IN_ORDER = 2.0
"""The whole of an end, with the start of threads and the last words, in deadlines."""

LEFT = "ended before all was done; nothing that was acknowledged is lost"
PUT = (
    b"PUT /stores/berlin/inventory/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 12\r\n\r\n"
)
BODY = b'{"onHand":1}'


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=60)


def rest_of(client: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    received = b""
    try:
        while chunk := client.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def deadlines_until_it_ended(process: Process) -> tuple[int, float]:
    """SIGTERM it; return the exit code, and how many deadlines that took."""
    began_s = time.monotonic()
    process.process.send_signal(signal.SIGTERM)
    code = process.ended()
    return code, (time.monotonic() - began_s) / _DEADLINE_S


def dies(pid: int) -> None:
    """Return when a process is dead; the test's time-out bounds it."""
    while is_alive(pid):
        time.sleep(0.01)


def hangs(process: Process) -> bool:
    return "hangs" in process.errors


@pytest.mark.parametrize("hurried", [False, True])
def test_a_disk_that_never_syncs_does_not_keep_the_process(
    tmp_path: Path, *, hurried: bool
) -> None:
    def scenario(folder: Path) -> None:
        settings = {"ENGINE": "log", "SHUTDOWN_TIMEOUT_MS": DEADLINE_MS}
        with Service(folder, *HANGING, "fdatasync", **settings) as service:
            acknowledged = service.count("apple", 7)
            assert service.sync() == acknowledged
            worker = service.worker()
            assert worker is not None
            with connect(service) as client:
                service.process.send_signal(signal.SIGUSR1)
                client.sendall(PUT % b"pear" + BODY)
                service.until(lambda: hangs(service))
                if hurried:
                    service.process.send_signal(signal.SIGTERM)
                    service.refuses()
                code, deadlines = deadlines_until_it_ended(service)
                assert rest_of(client) == b""  # nobody can say what became of it
        assert code == 1
        require_in_time(deadlines, _IN_ORDER)
        # Its worker may have a last word, too.
        left = [line for line in service.lines() if line["event"] == LEFT]
        told = [(line["level"], line["doing"], line["commands"]) for line in left]
        assert told == [("error", "flushing the log", 1)]
        dies(worker)
        for held in ("event-log", "worker"):
            JournalHold(service.data / held).close()
        assert service.noted() == (0 if hurried else acknowledged)
        with Service(folder, ENGINE="log") as service:
            assert service.ask("GET", "/stores/berlin/inventory/apple")[1]["onHand"] == 7
            service.process.terminate()
            assert service.ended() == 0

    in_time_at_least_once(tmp_path, scenario)


def test_an_event_loop_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    def scenario(folder: Path) -> None:
        settings = {"ENGINE": "log", "SHUTDOWN_TIMEOUT_MS": DEADLINE_MS}
        with Service(folder, *HANGING, "loop", **settings) as service:
            service.process.send_signal(signal.SIGUSR1)
            code, deadlines = deadlines_until_it_ended(service)
            assert hangs(service)
        assert code == 1
        assert deadlines > 0.5
        require_in_time(deadlines, _IN_ORDER)
        last = service.lines()[-1]
        told = tuple(last.get(name) for name in ("event", "doing", "commands"))
        assert told == (LEFT, "flushing the log", 0)

    in_time_at_least_once(tmp_path, scenario)


def test_a_worker_of_which_a_thread_hangs_ends_in_time(tmp_path: Path) -> None:
    def scenario(folder: Path) -> None:
        settings = {"ENGINE": "log", "SHUTDOWN_TIMEOUT_MS": DEADLINE_MS}
        aside = folder / "aside"
        aside.mkdir()
        data = str(folder / "data")
        with (
            Service(folder, *API, ENGINE="log") as service,
            Process(aside, *HANGING, "checkpoint", **settings, DATA_DIR=data) as worker,
        ):
            service.count("apple", 1)
            assert service.sync() == 1
            worker.process.send_signal(signal.SIGUSR1)
            code, deadlines = deadlines_until_it_ended(worker)
            assert hangs(worker)
        assert code == 1
        require_in_time(deadlines, _IN_ORDER)
        assert "did not end in time" in worker.lines()[-1]["event"]

    in_time_at_least_once(tmp_path, scenario)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_alone_notes_how_far_it_is_before_it_ends(
    tmp_path: Path, number: signal.Signals
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    settings = {"ENGINE": "log", "SYNC_INTERVAL_MS": "86400000"}
    data = str(tmp_path / "data")
    with Process(aside, *WORKER, **settings, DATA_DIR=data) as worker:
        worker.logged("the sync worker is at work")
        with Service(tmp_path, *HANGING, "nothing", **settings) as service:
            last = service.count("apple", 1)
            assert service.sync() == last
            assert service.noted() == 0
            worker.process.send_signal(number)
            assert worker.ended() == 0
            assert service.noted() == last
            service.process.terminate()
            assert service.ended() == 0


_ROWS = (
    b"POST /inventory/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (PUT % b"pear" + BODY[:5], b"HTTP/1.1 503 "),
        ((PUT % b"pear").replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"), b"HTTP/1.1 "),
        (_ROWS, b"HTTP/1.1 200 "),
    ],
    ids=["half a body", "a body that waits to be asked for", "a stream of rows"],
)
def test_a_client_that_never_sends_the_rest_is_told_and_does_not_make_the_end_a_failure(
    tmp_path: Path, sent: bytes, answer: bytes
) -> None:
    def scenario(folder: Path) -> None:
        with (
            Service(folder, SHUTDOWN_TIMEOUT_MS=DEADLINE_MS) as service,
            connect(service) as client,
        ):
            client.sendall(sent)
            service.count("apple", 1)
            code, deadlines = deadlines_until_it_ended(service)
            said = rest_of(client)
        assert said.startswith(answer)
        assert b"ShuttingDown" in said
        assert code == 0
        require_in_time(deadlines, _IN_ORDER)
        assert [line for line in service.lines() if line["level"] == "error"] == []
        assert service.events()[-1] == "stopped"

    in_time_at_least_once(tmp_path, scenario)


def test_connections_that_are_open_are_answered_while_others_still_are(tmp_path: Path) -> None:
    with (
        Service(tmp_path, ENGINE="log", SHUTDOWN_TIMEOUT_MS=HOUR_MS) as service,
        connect(service) as slow,
        connect(service) as probe,
    ):
        slow.sendall(PUT % b"pear" + BODY[:5])
        service.count("apple", 1)
        service.process.send_signal(signal.SIGTERM)
        service.refuses()
        probe.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert probe.recv(65_536).startswith(b"HTTP/1.1 200 ")
        slow.sendall(BODY[5:])
        assert rest_of(slow).startswith(b"HTTP/1.1 201 ")
        assert rest_of(probe) == b""
        assert service.ended() == 0


def test_work_in_the_background_that_fails_ends_the_process_and_says_why(tmp_path: Path) -> None:
    with Service(tmp_path, *HANGING, "background") as service:
        service.count("apple", 7)
        service.process.send_signal(signal.SIGUSR1)
        assert service.ended() == 1
    lines = service.lines()
    assert [line["event"] for line in lines[-2:]] == ["work in the background failed", "stopped"]
    assert lines[-2]["why"] == "there is nothing to read any more"
