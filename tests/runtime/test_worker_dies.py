"""The worker is killed, paused or orphaned, under the real API: neither holds up the other."""

import http.client
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.runtime.process import API, WORKER, Process, Service

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

AT_WORK = "the sync worker is at work"
QUICKLY = "20"
_BEHIND = "the central view ends behind the log; the next worker makes up for it"
_ROUNDS = 5
"""A processor is quicker at one time than at another: what is so is so in one of these at least."""


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: it is there, and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to", ["the process", "its group"])
def test_what_was_acknowledged_is_in_the_view_when_a_signal_has_ended_both(
    tmp_path: Path, number: signal.Signals, to: str
) -> None:
    with Service(tmp_path, ENGINE="log", SYNC_INTERVAL_MS="86400000") as service:
        service.sync()
        worker = service.worker()
        for on_hand in range(49):
            service.count("apple", on_hand)
        last = service.count("apple", 49)
        if to == "the process":
            service.process.send_signal(number)
        else:
            os.killpg(service.process.pid, number)
        assert service.ended() == 0
        assert service.errors == ""
    assert service.noted() == last
    assert worker is not None
    assert not is_alive(worker)
    assert service.complaints() == []


def test_a_worker_that_is_killed_under_writes_comes_back_and_misses_nothing(
    tmp_path: Path,
) -> None:
    with Service(tmp_path, ENGINE="log", SYNC_INTERVAL_MS=QUICKLY) as service:
        for round_ in range(3):
            service.logged("connected to the sync worker", round_ + 1)
            worker = service.worker()
            assert worker is not None
            for number in range(120):
                service.count(f"sku-{number % 40}", 1000 * round_ + number, f"store-{number % 3}")
                if number == 60:
                    os.kill(worker, signal.SIGKILL)
        synced = service.sync()
        assert synced == 360
        wanted: dict[str, int] = {}
        for store in range(3):
            _, page = service.ask("GET", f"/stores/store-{store}/inventory?limit=1000")
            for level in page["items"]:
                wanted[level["sku"]] = wanted.get(level["sku"], 0) + level["qty"]
        assert service.central() == wanted
        ends = [line for line in service.lines() if "started again" in line["event"]]
        assert [line["code"] for line in ends] == [-signal.SIGKILL] * 3


def test_a_worker_that_stands_still_costs_the_api_nothing_but_its_answers(tmp_path: Path) -> None:
    with Service(tmp_path, ENGINE="log") as service, ExitStack() as stack:
        service.sync()
        worker = service.worker()
        assert worker is not None
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        stack.callback(connection.close)

        def cost_of_300_writes() -> float:
            began_s = cpu_s(service)
            for on_hand in range(300):
                body = f'{{"onHand":{on_hand}}}'
                headers = {"content-type": "application/json"}
                connection.request("PUT", "/stores/berlin/inventory/apple", body, headers)
                assert connection.getresponse().read()
            return cpu_s(service) - began_s

        cost_of_300_writes()
        for _ in range(_ROUNDS):
            running_s = cost_of_300_writes()
            before = service.sync()
            os.kill(worker, signal.SIGSTOP)
            stopped_s = cost_of_300_writes()
            print(f"300 writes: {running_s:.2f} s of processor, {stopped_s:.2f} s without it")
            if stopped_s <= 1.5 * running_s + 0.1:
                break
            os.kill(worker, signal.SIGCONT)
        else:
            pytest.fail("in each round they cost more while the worker stood still")
        last = before + 300
        status, problem = service.ask("GET", f"/central/inventory/apple?minSequence={last}")
        assert (status, problem["error"]) == (503, "CentralBehind")
        _, ready = service.ask("GET", "/health/readiness")
        assert ready["ready"]
        assert ready["sync"]["lagEvents"] == 300
        os.kill(worker, signal.SIGCONT)
        assert service.sync() == last


def cpu_s(service: Service) -> float:
    """Return the processor time that the API process took so far, in seconds."""
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with Service(tmp_path, ENGINE="log", SYNC_INTERVAL_MS="86400000") as service:
        last = service.count("apple", 1)
        service.sync()
        worker = service.worker()
        assert worker is not None
        service.process.kill()
        service.process.wait()
        deadline = time.monotonic() + 60
        while is_alive(worker):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert service.noted() == last


def test_a_second_signal_waits_for_nothing(tmp_path: Path) -> None:
    with Service(tmp_path, ENGINE="log") as service:
        service.sync()
        worker = service.worker()
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        service.count("apple", 1)
        service.process.terminate()
        service.refuses()
        service.process.terminate()
        assert service.ended() == 0
        assert not is_alive(worker)
        assert _BEHIND not in service.events(), "it waited until the worker's time was over"


def test_a_second_worker_stands_by_and_takes_over_when_the_first_is_killed(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    settings = {"ENGINE": "log", "DATA_DIR": str(tmp_path / "data"), "SYNC_INTERVAL_MS": QUICKLY}
    with (
        Service(tmp_path, *API, **settings) as service,
        Process(one, *WORKER, **settings) as first,
    ):
        first.logged(AT_WORK)
        with Process(two, *WORKER, **settings) as second:
            second.logged("another sync worker is at work; this one stands by")
            assert str(first.process.pid) in second.lines()[0]["owner"]
            service.count("apple", 1)
            assert service.sync() == 1
            assert AT_WORK not in second.events()
            first.process.kill()
            second.logged(AT_WORK)
            service.count("apple", 2)
            assert service.sync() == 2
            assert service.central() == {"apple": 2}
            assert len(second.lines()) == 2
