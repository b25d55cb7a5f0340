"""How several API processes end: by signals, by the death of their parent, or for want of time."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real.process import steady_port
from tests.runtime.fleet.household import Household
from tests.runtime.test_deadline import BODY, HOUR_MS, PUT, rest_of
from tests.runtime.test_worker_dies import is_alive

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

_OBEYS = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
slot = sys.argv[sys.argv.index("--slot") + 1]
os.write(1, b'{"event":"listening","port":1}\\n')
os.write(0, b"l")
os.read(0, 1)
sys.exit(3 if slot == sys.argv[1] else 0)
"""


def die(pids: list[int]) -> None:
    """Return when all of them are dead; the test's time-out bounds it."""
    while any(is_alive(pid) for pid in pids):
        time.sleep(0.01)


def begin_requests(service: Household, clients: list[socket.socket], processes: list[int]) -> None:
    """Send a request of each client, but not all of it, and wait until the processes know."""
    for place, client in enumerate(clients):
        client.sendall(PUT % b"sku-%d" % place + BODY[:5])
    with service.clients_of_all(2 * len(clients)) as others:
        assert set(service.spread(others)) == set(processes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to", ["the parent", "its group"])
def test_a_signal_ends_all_after_what_each_has_accepted(
    tmp_path: Path, number: signal.Signals, to: str
) -> None:
    household = Household(tmp_path, 2, SHUTDOWN_TIMEOUT_MS=HOUR_MS)
    with household as service, service.clients_of_all(4) as clients:
        children = service.children()
        assert set(service.spread(clients)) == set(children)
        begin_requests(service, clients, service.children())
        if to == "the parent":
            service.process.send_signal(number)
        else:
            os.killpg(service.process.pid, number)
        service.refuses()
        for client in clients:
            client.sendall(BODY[5:])
            assert rest_of(client).startswith(b"HTTP/1.1 201 ")
        assert service.ended() == 0
        assert not any(is_alive(pid) for pid in children)
    assert service.errors == ""
    assert service.complaints() == []
    assert service.events()[-1] == "all processes stopped"
    assert service.events().count("stopped") == 2


def test_a_signal_to_the_group_finds_a_child_that_has_only_just_begun(tmp_path: Path) -> None:
    service = Household(tmp_path, 2)
    try:
        service.until(service.children)
        os.killpg(service.process.pid, signal.SIGINT)
        assert service.ended() == 0
        assert service.errors == ""
    finally:
        service.__exit__(None, None, None)


def test_when_the_parent_is_killed_its_children_answer_and_end(tmp_path: Path) -> None:
    household = Household(tmp_path, 2, SHUTDOWN_TIMEOUT_MS=HOUR_MS)
    with household as service, service.clients_of_all(4) as clients:
        children = service.children()
        begin_requests(service, clients, service.children())
        service.process.kill()
        service.process.wait()
        service.refuses()
        for client in clients:
            client.sendall(BODY[5:])
            assert rest_of(client).startswith(b"HTTP/1.1 201 ")
        die(children)
    assert service.events().count("stopped") == 2


def test_a_second_signal_waits_for_no_client(tmp_path: Path) -> None:
    with (
        Household(tmp_path, 2, SHUTDOWN_TIMEOUT_MS=HOUR_MS) as service,
        service.clients(2) as clients,
    ):
        begin_requests(service, clients, service.children())
        service.process.terminate()
        service.refuses()
        service.process.terminate()
        service.ended()
        for client in clients:
            rest_of(client)


def test_a_process_that_stands_still_is_killed_in_time_and_the_others_end_well(
    tmp_path: Path,
) -> None:
    with Household(tmp_path, 2, SHUTDOWN_TIMEOUT_MS="8000") as service:
        children = service.children()
        os.kill(children[0], signal.SIGSTOP)
        service.process.terminate()
        assert service.ended() == 1
        assert not any(is_alive(pid) for pid in children)
    assert "API processes do not end and are killed" in service.complaints()
    assert service.events().count("stopped") == 1


@pytest.mark.parametrize(("failing", "code"), [("none", 0), ("1", 1)])
def test_the_exit_code_is_1_when_one_did_not_end_with_0(
    tmp_path: Path, failing: str, code: int
) -> None:
    with Household(tmp_path, 2, sys.executable, "-c", _OBEYS, failing) as service:
        service.process.terminate()
        assert service.ended() == code


def test_a_process_that_died_is_no_zombie_and_its_end_is_not_the_fleets(tmp_path: Path) -> None:
    with Household(tmp_path, 2) as service:
        killed = service.children()[0]
        os.kill(killed, signal.SIGKILL)
        service.logged("listening", 3)
        assert not Path(f"/proc/{killed}").exists()
        service.process.terminate()
        assert service.ended() == 0


def test_the_parent_holds_little_and_no_web_framework(tmp_path: Path) -> None:
    with Household(tmp_path, 2) as service:
        pids = (service.process.pid, *service.children())
        parent, *children = (_resident_kb(pid) for pid in pids)
        print(f"parent {parent / 1024:.0f} MB, its API processes {max(children) / 1024:.0f} MB")
        assert parent < 0.75 * min(children)
    program = (
        "import sys\n"
        "import surestock.cli.app, surestock.runtime.fleet.serve\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"fastapi", "starlette", "uvicorn", "uvloop"}.isdisjoint(ran.stdout.split())
    assert "msgspec" in ran.stdout.split()


def test_the_port_is_free_once_all_have_ended(tmp_path: Path) -> None:
    household = Household(tmp_path, 2, PORT=str(steady_port()))
    with household as service, service.clients(4):
        service.process.terminate()
        assert service.ended() == 0
    with socket.create_server(("127.0.0.1", service.port)):
        pass


def _resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
