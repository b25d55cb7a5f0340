"""What keeps several API processes from starting is told once, and nothing is left running."""

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.runtime.fleet.household import Household, begin_once
from tests.runtime.process import API, WORKER, Process
from tests.runtime.test_access import make_key

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is refused
LOCKED = {"ENGINE": "log", "LOCKS_ENABLED": "true"}


def refusal(service: Process) -> str:
    """Return the one sentence that it ends with, and with exit code 2."""
    assert service.ended() == 2
    sentence = service.errors
    assert sentence.startswith("surestock: ")
    assert sentence.count("\n") == 1
    assert sentence.endswith(".\n")
    return sentence


@pytest.mark.parametrize("role", [(), ("--role", "api")])
def test_without_leases_it_says_what_to_set(tmp_path: Path, role: tuple[str, ...]) -> None:
    sentence = refusal(Process(tmp_path, *API[:4], *role, "--workers", "2", ENGINE="log"))
    assert "set LOCKS_ENABLED=true" in sentence
    assert not (tmp_path / "data").exists()


def test_stock_in_memory_is_in_one_process(tmp_path: Path) -> None:
    assert "ENGINE=memory" in refusal(Process(tmp_path, *API, "--workers", "2"))


def test_there_is_one_sync_worker(tmp_path: Path) -> None:
    assert "--workers" in refusal(Process(tmp_path, *WORKER, "--workers", "2", ENGINE="log"))


@pytest.mark.parametrize("number", ["0", "-1", "two"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    service = Process(tmp_path, *API, "--workers", number)
    assert service.ended() == 2
    assert "--workers" in service.errors


def test_one_worker_is_the_process_itself(tmp_path: Path) -> None:
    with Process(tmp_path, *API, "--workers", "1") as service:
        service.logged("listening")
        assert service.children() == []
        service.process.terminate()
        assert service.ended() == 0


def test_a_taken_port_is_refused_before_any_process_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        service = Process(tmp_path, *API, "--workers", "2", **LOCKED, PORT=port)
        sentence = refusal(service)
    assert f"port {port}" in sentence
    assert service.events() == []


def test_a_port_that_is_taken_while_the_first_process_starts_is_refused(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        go = tmp_path / "go"
        service = Household(tmp_path, 2, *begin_once(go), PORT=port)
        with closing(service):
            service.until(service.children)
            other.listen()
            go.touch()
            assert f"port {port}" in refusal(service)


def test_a_port_is_taken_while_several_processes_listen_on_it(tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    with Household(tmp_path, 2) as service:
        port = str(service.port)
        assert f"port {port}" in refusal(
            Process(aside, *API, "--workers", "2", **LOCKED, PORT=port)
        )


def test_to_be_reached_by_others_without_keys_is_refused(tmp_path: Path) -> None:
    service = Process(tmp_path, *API, "--workers", "2", **LOCKED, HOST=EVERYWHERE)
    assert "API_KEYS_FILE" in refusal(service)
    assert service.events() == []


def test_what_keeps_the_first_process_from_starting_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    data = str(tmp_path / "file" / "data")
    service = Household(tmp_path, 3, ENGINE="log", DATA_DIR=data)
    assert "cannot be written" in refusal(service)
    assert [event for event in service.events() if "started again" in event] == []


def test_what_keeps_a_later_process_from_starting_ends_the_first(tmp_path: Path) -> None:
    service = Household(tmp_path, 2, ENGINE="log")  # one log, and no turns: the second must not
    assert "event log" in refusal(service)
    assert service.events()[-2:] == ["stopped", "all processes stopped"]


def test_once_they_have_served_a_start_that_is_refused_is_tried_again(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    make_key(keys, "inventory:read")
    sound = keys.read_bytes()
    with Household(tmp_path, 2, API_KEYS_FILE=str(keys)) as service:
        keys.write_text("not a file of keys")
        os.kill(service.children()[0], signal.SIGKILL)
        service.logged("an API process cannot start, and is started again", 2)
        with service.clients(3):
            pass
        keys.write_bytes(sound)
        service.logged("listening", 3)
        service.process.terminate()
        assert service.ended() == 0
