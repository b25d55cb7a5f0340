"""The API and the sync worker, together and apart, as the real processes."""

import subprocess
import sys
from pathlib import Path

from tests.runtime.process import API, WORKER, Process, Service

AT_WORK = "the sync worker is at work"


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
        assert worker.noted() == 2


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
        assert service.central() == {"apple": 3}


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
