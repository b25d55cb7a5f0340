"""Several API processes on one log, and their sync worker, under ``serve --workers``."""

import os
import signal
from pathlib import Path

import pytest

from tests.runtime.fleet.household import Household
from tests.runtime.fleet.test_ends import begin_requests, die
from tests.runtime.process import API
from tests.runtime.test_deadline import BODY, HOUR_MS, rest_of
from tests.runtime.test_worker_dies import is_alive

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

LOCKED = {"ENGINE": "log", "LOCKS_ENABLED": "true", "SYNC_INTERVAL_MS": "86400000"}


class Fleet(Household):
    """``surestock serve --workers 2``: the youngest child is the sync worker."""

    def __init__(self, directory: Path, *words: str, **settings: str) -> None:
        super(Household, self).__init__(
            directory, *API[:4], "--workers", "2", *words, **LOCKED, **settings
        )
        self.workers = 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_last_sync_covers_what_every_process_acknowledged(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Fleet(tmp_path, SHUTDOWN_TIMEOUT_MS=HOUR_MS) as service:
        service.logged("connected to the sync worker", 2)
        children = service.children()
        assert len(children) == 3
        for place in range(40):  # each on a connection of its own, so all processes have some
            service.count(f"sku-{place}", place)
        with service.clients(2) as clients:
            begin_requests(service, clients, service.children()[:2])
            os.killpg(service.process.pid, number)
            service.refuses()
            for client in clients:
                client.sendall(BODY[5:])
                assert rest_of(client).startswith(b"HTTP/1.1 20")
        assert service.ended() == 0
        assert service.errors == ""
        assert service.complaints() == []
        assert not any(is_alive(pid) for pid in children)
    assert service.noted() == 42


def test_one_process_and_the_worker_are_killed_and_nothing_acknowledged_is_lost(
    tmp_path: Path,
) -> None:
    with Fleet(tmp_path) as service:
        service.logged("connected to the sync worker", 2)
        connected = 2
        api, _, worker = service.children()
        for round_, victim in enumerate((api, worker)):
            for place in range(20):
                service.count(f"sku-{place}", 20 * round_ + place)
            os.kill(victim, signal.SIGKILL)
            die([victim])
            connected += 1 + round_  # the new API process; then both of them, to the new worker
            service.logged("connected to the sync worker", connected)
        assert service.sync() == 40
        assert service.central() == {f"sku-{place}": 20 + place for place in range(20)}
        service.process.terminate()
        assert service.ended() == 0


def test_role_api_starts_no_sync_worker(tmp_path: Path) -> None:
    with Fleet(tmp_path, "--role", "api") as service:
        service.count("apple", 1)
        assert len(service.children()) == 2
        service.process.terminate()
        assert service.ended() == 0
