"""The API and the sync worker are two processes: one may be paused, killed or gone, not the other.

Every test here runs the real processes.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from surestock.sync.checkpoint import read_checkpoint
from tests.runtime.process import Process, Service

WORKER = (sys.executable, "-m", "surestock", "serve", "--role", "worker")
API = (sys.executable, "-m", "surestock", "serve", "--role", "api")
AT_WORK = "the sync worker is at work"
QUICKLY = "20"


def noted(process: Process) -> int:
    """Return the sequence in the checkpoint, 0 without one."""
    checkpoint = read_checkpoint(process.data / "central")
    return 0 if checkpoint is None else checkpoint.sequence


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: it is there, and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def central(service: Service) -> dict[str, int]:
    """Return every SKU of the central view and its quantity."""
    status, page = service.ask("GET", "/central/inventory?limit=1000")
    assert status == 200, page
    return {item["sku"]: item["qty"] for item in page["items"]}


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
    assert noted(service) == last
    assert worker is not None
    assert not is_alive(worker)
    assert [line for line in service.lines() if line["level"] != "info"] == []


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
        assert central(service) == wanted
        ends = [line for line in service.lines() if "started again" in line["event"]]
        assert [line["code"] for line in ends] == [-signal.SIGKILL] * 3


def test_a_worker_that_stands_still_costs_the_api_nothing_but_its_answers(tmp_path: Path) -> None:
    with Service(tmp_path, ENGINE="log") as service:
        service.sync()
        worker = service.worker()
        assert worker is not None
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)

        def cost_of_300_writes() -> float:
            began_s = cpu_s(service)
            for on_hand in range(300):
                body = f'{{"onHand":{on_hand}}}'
                headers = {"content-type": "application/json"}
                connection.request("PUT", "/stores/berlin/inventory/apple", body, headers)
                assert connection.getresponse().read()
            return cpu_s(service) - began_s

        cost_of_300_writes()
        running_s = cost_of_300_writes()
        assert service.sync() == 600
        os.kill(worker, signal.SIGSTOP)
        stopped_s = cost_of_300_writes()
        connection.close()
        print(f"300 writes: {running_s:.2f} s of processor, {stopped_s:.2f} s without the worker")
        assert stopped_s <= 1.5 * running_s + 0.1
        status, problem = service.ask("GET", "/central/inventory/apple?minSequence=900")
        assert (status, problem["error"]) == (503, "CentralBehind")
        _, ready = service.ask("GET", "/health/readiness")
        assert ready["ready"]
        assert ready["sync"]["lagEvents"] == 300
        os.kill(worker, signal.SIGCONT)
        assert service.sync() == 900


def cpu_s(service: Service) -> float:
    """Return the processor time that the API process took so far, in seconds."""
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_api_without_a_worker_serves_all_but_the_view(tmp_path: Path) -> None:
    with Service(tmp_path, *API, ENGINE="log") as service:
        service.count("apple", 1)
        for method, path in (("POST", "/sync"), ("GET", "/central/inventory/apple")):
            status, problem = service.ask(method, path)
            assert (status, problem["error"]) == (503, "CentralBehind")
            assert "No sync worker is running" in problem["message"]
        assert service.worker() is None
        _, ready = service.ask("GET", "/health/readiness")
        assert (ready["ready"], ready["sync"]["alive"]) == (True, False)
        service.process.terminate()
        assert service.ended() == 0


def test_an_api_and_a_worker_that_were_started_apart_find_each_other(tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    data = str(tmp_path / "data")
    with Process(aside, *WORKER, ENGINE="log", DATA_DIR=data) as worker:
        worker.logged(AT_WORK)
        for expected in (1, 2):  # the worker outlives the API
            with Service(tmp_path, *API, ENGINE="log", DATA_DIR=data) as service:
                assert service.count("apple", 1) == expected
                assert service.sync() == expected
                service.process.terminate()
                assert service.ended() == 0
        worker.process.terminate()
        assert worker.ended() == 0
        assert worker.errors == ""
        assert worker.events()[-1] == "the sync worker stopped"
        assert noted(worker) == 2


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
            assert central(service) == {"apple": 2}
            assert len(second.lines()) == 2


def test_a_worker_that_stands_by_ends_when_it_is_told_to(tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    settings = {"ENGINE": "log", "DATA_DIR": str(tmp_path / "data")}
    with Process(tmp_path, *WORKER, **settings) as first:
        first.logged(AT_WORK)
        with Process(aside, *WORKER, **settings) as second:
            second.logged("another sync worker is at work; this one stands by")
            second.process.terminate()
            assert second.ended() == 0


def test_the_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with Service(tmp_path, ENGINE="log", SYNC_INTERVAL_MS="86400000") as service:
        last = service.count("apple", 1)
        service.sync()
        worker = service.worker()
        assert worker is not None
        service.process.kill()
        service.process.wait()
        deadline = time.monotonic() + 30
        while is_alive(worker):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert noted(service) == last


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
        assert service.process.wait(5) == 0
        assert not is_alive(worker)


def test_a_worker_without_a_log_to_follow_is_refused(tmp_path: Path) -> None:
    worker = Process(tmp_path, *WORKER, ENGINE="memory")
    assert worker.ended() == 2
    assert worker.errors == ("surestock: ENGINE=memory writes no log that a worker could follow.\n")


def test_an_api_serves_though_its_worker_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "worker").write_text("in the way")
    with Service(tmp_path, ENGINE="log") as service:
        service.logged("the sync worker ended and is started again", 2)
        assert service.count("apple", 1) == 1
        assert "The sync worker cannot use" in service.errors
        assert "Traceback" not in service.errors
        service.process.terminate()
        assert service.ended() == 0


def test_the_engine_in_memory_needs_no_worker(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.count("apple", 3)
        service.sync()
        assert service.worker() is None
        assert central(service) == {"apple": 3}


def test_the_worker_does_not_load_the_web_framework(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "import surestock.cli.app, surestock.runtime.work\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert {"fastapi", "starlette", "uvicorn", "uvloop"}.isdisjoint(ran.stdout.split())
    assert "msgspec" in ran.stdout.split()
