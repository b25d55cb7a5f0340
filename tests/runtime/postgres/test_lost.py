"""The database goes away under a service: 503s within their time, and it heals by itself."""

from pathlib import Path

import pytest

from tests.real.postgres import Cluster
from tests.real.steady import steady_time
from tests.runtime.postgres.shop import LEVEL, Shop, load, sequences
from tests.runtime.process import API

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

COOLDOWN_MS = "300"
MOST_S = 12


def test_nothing_is_served_meanwhile_and_everything_after(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    settings = {"BREAKER_COOLDOWN_MS": COOLDOWN_MS, "BREAKER_THRESHOLD": "2"}
    with Shop(tmp_path, "one", url, *API, **settings) as shop:
        assert shop.change(1, "before")[0] == 404
        shop.count("apple", 5)
        postgres.stop_at_once()
        began = steady_time()
        status, refusal = shop.change(1, "meanwhile")
        assert steady_time() - began < MOST_S
        assert (status, refusal["error"] in {"DatabaseUnavailable", "CircuitOpen"}) == (503, True)
        shop.until(lambda: shop.readiness()[0] == 503)
        told = shop.readiness()[1]
        assert (told["ready"], told["breakers"]["database"] != "closed") == (False, True)
        assert "it is tried every 0.3 s" in told["reasons"][0]
        status, refusal = shop.ask("GET", LEVEL)
        assert (status, refusal["error"]) == (503, "CircuitOpen")
        assert shop.ask("GET", "/health/liveness")[0] == 200
        assert "surestock_ready 0.0" in shop.metrics()
        postgres.start_again()
        shop.until(lambda: shop.readiness()[0] == 200)
        assert shop.change(1, "meanwhile")[0] == 200
        assert shop.ask("GET", LEVEL)[1]["onHand"] == 6
        shown = shop.metrics()
        assert 'surestock_breaker_openings_total{breaker="database"} 0.0' not in shown
        assert 'surestock_database_retries_total{reason="lost"} 0.0' not in shown
        assert "surestock_ready 1.0" in shown
        shop.process.terminate()
        assert shop.ended() == 0
        assert shop.errors == ""


def test_what_was_acknowledged_before_a_crash_of_the_server_is_kept(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    settings = {"BREAKER_COOLDOWN_MS": COOLDOWN_MS}
    with Shop(tmp_path, "one", url, *API, **settings) as shop:
        shop.count("apple", 1)
        with load(shop) as acknowledged:
            shop.until(lambda: len(acknowledged) > 30)
            postgres.kill()
        postgres.start_again()
        shop.until(lambda: shop.readiness()[0] == 200)
        kept = sequences(postgres, url)
        assert set(acknowledged) <= set(kept)
        assert kept == list(range(1, len(kept) + 1))


def test_it_ends_in_order_though_the_database_stands_still(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    told = (_told_in_the_end(tmp_path, url, postgres, name) for name in ("one", "two", "three"))
    assert 200 in told, "whoever was accepted is answered, unless his time is over"


def _told_in_the_end(directory: Path, url: str, postgres: Cluster, name: str) -> int:
    """End a service whose sessions all stand still while it carries a change out."""
    with Shop(directory, name, url, *API, SHUTDOWN_TIMEOUT_MS="25000") as shop:
        shop.count("apple", 1)
        for backend in postgres.backends(url.rpartition("/")[2]):
            postgres.freeze(backend)
        with shop.changing(1, name) as connection:
            assert shop.readiness()[0] == 200  # what was sent before is under way by then
            shop.process.terminate()
            status = connection.getresponse().status
        assert status in {200, 503}
        assert shop.ended() == 0
        assert shop.errors == ""
    postgres.thaw()
    return status


def test_it_ends_in_order_without_a_database(tmp_path: Path, url: str, postgres: Cluster) -> None:
    settings = {"SHUTDOWN_TIMEOUT_MS": "20000"}
    with Shop(tmp_path, "one", url, **settings) as shop:
        shop.count("apple", 1)
        shop.logged("the sync worker is at work")
        postgres.stop_at_once()
        shop.process.terminate()
        assert shop.ended() == 0
        assert shop.errors == ""
