"""Kept connections are spread evenly, and no process that stands still or is gone keeps one."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.real.process import steady_port
from tests.runtime.fleet.household import Household, begin_once
from tests.runtime.fleet.test_ends import die

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries


@pytest.mark.parametrize("workers", [2, 4])
def test_connections_that_come_one_by_one_are_spread_evenly(tmp_path: Path, workers: int) -> None:
    with Household(tmp_path, workers) as service, service.clients(64) as clients:
        shares = sorted(service.spread(clients).values())
        print(f"64 connections over {workers} processes: {shares}")
        assert len(shares) == workers
        assert shares[-1] - shares[0] <= 2


def test_whoever_lost_connections_gets_the_next_ones(tmp_path: Path) -> None:
    with Household(tmp_path, 2) as service, service.clients(20) as clients:
        left = service.children()[0]
        for client in clients:
            if service.owner(client) == left:
                client.close()
        with service.clients(8) as more:
            assert service.spread(more)[left] >= 7


def test_a_process_that_is_stopped_keeps_nobody_waiting(tmp_path: Path) -> None:
    with Household(tmp_path, 2) as service:
        stopped, other = service.children()
        os.kill(stopped, signal.SIGSTOP)
        with service.clients(10) as clients:
            assert service.spread(clients) == {other: 10}
            os.kill(stopped, signal.SIGCONT)
            with service.clients(12) as more:
                assert service.spread(more)[stopped] >= 8


def test_while_one_is_started_again_the_others_answer_all_and_lose_nobody(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    household = Household(tmp_path, 3, *begin_once(go))
    with household as service, service.clients_of_all(30) as clients:
        killed = service.children()[1]
        go.unlink()
        others = [client for client in clients if service.owner(client) != killed]
        os.kill(killed, signal.SIGKILL)
        die([killed])
        for _ in range(20):
            with service.connect() as client:
                service.answered(client)
        assert service.events().count("listening") == 3
        go.touch()
        while service.events().count("listening") < 4:
            with service.connect() as client:
                service.answered(client)
        assert others
        for client in others:
            service.answered(client)
        children = service.children()
        assert (len(children), killed in children) == (3, False)
        (restart,) = (line for line in service.lines() if "started again" in line["event"])
        assert (restart["slot"], restart["code"]) == (1, -signal.SIGKILL)


def test_clients_are_refused_and_not_kept_waiting_until_one_process_can_serve(
    tmp_path: Path,
) -> None:
    waits = tmp_path / "go"
    port = steady_port()
    service = Household(tmp_path, 1, *begin_once(waits), PORT=str(port))
    try:
        service.until(service.children)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=60)
        waits.touch()
        with service, service.clients(1):
            pass
    finally:
        service.__exit__(None, None, None)
