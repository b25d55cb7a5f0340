"""The role worker on a database: any number of them, beside any API, each of no account alone."""

import os
import signal
from pathlib import Path

from tests.real.postgres import Cluster
from tests.runtime.postgres.shop import Aside, Shop, load
from tests.runtime.process import API, WORKER

AT_WORK = "the sync worker is at work"


def test_a_worker_keeps_the_view_up_and_ends_when_it_is_told_to(tmp_path: Path, url: str) -> None:
    with Shop(tmp_path, "api", url, *API) as shop:
        with Aside(tmp_path, "worker", url, *WORKER) as worker:
            worker.logged(AT_WORK)
            sequence = shop.count("apple", 7)
            assert shop.held("apple", sequence) == 7
            worker.process.terminate()
            assert worker.ended() == 0
            assert worker.errors == ""
            assert worker.events()[-1] == "the sync worker stopped"
        assert not worker.data.exists()
        sequence = shop.count("apple", 8)
        status, behind = shop.ask("GET", f"/central/inventory/apple?minSequence={sequence}")
        assert (status, behind["error"]) == (503, "CentralBehind")
        assert shop.readiness()[1]["ready"]


def test_of_several_workers_it_does_not_matter_which_is_killed(tmp_path: Path, url: str) -> None:
    with (
        Shop(tmp_path, "api", url, *API) as shop,
        Aside(tmp_path, "first", url, *WORKER) as first,
        Aside(tmp_path, "second", url, *WORKER) as second,
    ):
        first.logged(AT_WORK)
        second.logged(AT_WORK)
        shop.count("apple", 1)
        with load(shop) as acknowledged:
            shop.until(lambda: len(acknowledged) > 30)
            first.process.send_signal(signal.SIGKILL)
            before = len(acknowledged)
            shop.until(lambda: len(acknowledged) > before + 30)
        assert shop.held("apple", max(acknowledged)) == 1 + len(acknowledged)
        second.process.terminate()
        assert second.ended() == 0


def test_the_worker_of_a_service_is_started_again(tmp_path: Path, url: str) -> None:
    with Shop(tmp_path, "one", url) as shop:
        shop.logged(AT_WORK)
        child = shop.worker()
        assert child is not None
        os.kill(child, signal.SIGKILL)
        shop.logged(AT_WORK, 2)
        sequence = shop.count("apple", 3)
        assert shop.held("apple", sequence) == 3
        shop.process.terminate()
        assert shop.ended() == 0
        assert "the sync worker stopped" in shop.events()


def test_a_worker_outlives_the_loss_of_its_database(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    with Aside(tmp_path, "worker", url, *WORKER) as worker:
        worker.logged(AT_WORK)
        postgres.stop_at_once()
        worker.logged("the sync worker lost the database")
        postgres.start_again()
        worker.logged("the sync worker has the database again")
        worker.process.terminate()
        assert worker.ended() == 0
