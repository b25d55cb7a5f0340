"""``serve`` on a database: it serves, tells of itself, and ends as on a log."""

import signal
import time
from pathlib import Path

import asyncpg
import pytest

from tests.real.postgres import Cluster
from tests.runtime.postgres.shop import LEVEL, Shop, load, sequences
from tests.runtime.process import API

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

READY = "surestock_ready 1.0"


def test_a_change_is_there_after_a_restart_and_in_the_view(tmp_path: Path, url: str) -> None:
    for expected in (1, 2):
        with Shop(tmp_path, "one", url) as shop:
            assert shop.count("apple", 7) == expected
            status, level = shop.ask("GET", LEVEL)
            assert (status, level["onHand"], level["version"]) == (200, 7, expected)
            assert shop.sync() == expected
            assert shop.central() == {"apple": 7}
            shop.process.terminate()
            assert shop.ended() == 0
            assert shop.errors == ""
            assert shop.events()[-1] == "stopped"
            assert shop.complaints() == []


def test_nothing_is_written_to_the_data_directory(tmp_path: Path, url: str) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no directory")
    with Shop(tmp_path, "one", url, DATA_DIR=str(in_the_way / "data")) as shop:
        assert shop.count("apple", 1) == 1
        shop.logged("the sync worker is at work")
        shop.process.terminate()
        assert shop.ended() == 0
        assert shop.complaints() == []


def test_readiness_and_metrics_know_the_database(tmp_path: Path, url: str) -> None:
    with Shop(tmp_path, "one", url) as shop:
        shop.count("apple", 1)
        status, ready = shop.readiness()
        assert (status, ready["ready"], ready["mode"]) == (200, True, "read_write")
        assert ready["breakers"] == {
            "database": "closed",
            "worker": "closed",
            "commerce": "closed",
        }
        assert (ready["reasons"], ready["warnings"]) == ([], [])
        shown = shop.metrics()
        assert 'engine="postgres"' in shown
        assert "surestock_commit_batch_records_sum 1.0" in shown
        assert "surestock_commit_duration_seconds_count 1.0" in shown
        assert "surestock_fsync_duration_seconds_count 0.0" in shown
        assert 'surestock_breaker_state{breaker="database",state="closed"} 1.0' in shown
        assert "surestock_database_connections_opened_total 0.0" not in shown
        assert READY in shown


def test_processes_on_one_database_serve_as_one(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    with Shop(tmp_path, "one", url, *API) as one, Shop(tmp_path, "two", url, *API) as two:
        one.count("apple", 10)
        assert two.change(5, "delivery")[0] == 200
        assert one.ask("GET", LEVEL)[1]["onHand"] == 15
        first, again = one.change(-3, "sale"), two.change(-3, "sale")
        assert first == again
        assert two.ask("GET", LEVEL)[1]["onHand"] == 12
        status, refusal = two.change(-4, "sale")
        assert (status, refusal["error"]) == (409, "IdempotencyConflict")
    assert sequences(postgres, url) == [1, 2, 3]


def test_a_signal_under_load_ends_it_with_0_and_loses_nothing(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    with Shop(tmp_path, "one", url) as shop:
        shop.count("apple", 1)
        with load(shop) as acknowledged:
            shop.until(lambda: len(acknowledged) > 50)
            shop.process.send_signal(signal.SIGTERM)
            assert shop.ended() == 0
        assert shop.complaints() == []
    kept = sequences(postgres, url)
    assert kept == list(range(1, len(kept) + 1))
    assert set(acknowledged) <= set(kept)
    assert len(set(acknowledged)) == len(acknowledged)


def test_several_processes_of_one_parent_need_no_leases(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    with Shop(tmp_path, "one", url, *API, "--workers", "2") as shop:
        shop.logged("listening", 2)
        shop.count("apple", 1)
        with load(shop) as acknowledged:
            shop.until(lambda: len(acknowledged) > 50)
        assert "surestock_commit_batch_records_sum" in shop.metrics()
        shop.process.terminate()
        assert shop.ended() == 0
        assert shop.complaints() == []
    assert len(sequences(postgres, url)) == 1 + len(acknowledged)


def test_a_checkout_makes_one_order(tmp_path: Path, url: str) -> None:
    product = {"name": "P", "type": "device", "unitPrice": 100, "currency": "EUR", "stocked": True}
    with Shop(tmp_path, "one", url, *API, CART_STORE_ID="berlin") as shop:
        shop.count("phone", 3)
        assert shop.ask("PUT", "/catalog/phone", product)[0] == 201
        assert shop.ask("POST", "/carts/ann/items", {"sku": "phone", "qty": 2})[0] == 200
        status, bought = shop.ask("POST", "/carts/ann/checkout")
        assert status == 200, bought
        assert shop.ask("GET", "/carts/ann/checkout")[1]["orderId"] == bought["orderId"]
        level = shop.ask("GET", "/stores/berlin/inventory/phone")[1]
        assert (level["onHand"], level["reserved"]) == (1, 0)
        shop.process.terminate()
        assert shop.ended() == 0
        assert shop.complaints() == []


@pytest.mark.parametrize("fails_fast", [True, False])
async def test_who_meets_another_process_waits_or_is_refused_at_once(
    tmp_path: Path, url: str, *, fails_fast: bool
) -> None:
    settings = {"LOCKS_ENABLED": str(fails_fast), "LOCK_REJECT_STATUS": "423"}
    with Shop(tmp_path, "one", url, *API, **settings) as shop:
        shop.count("apple", 10)
        shop.count("pear", 10)
        other = await asyncpg.connect(url)
        try:
            await other.execute("BEGIN")
            await other.execute("SELECT FROM surestock.levels WHERE sku = 'apple' FOR UPDATE")
            if fails_fast:
                _is_refused_at_once(shop)
            assert shop.change(-1, "other", "pear")[0] == 200
            await other.execute("ROLLBACK")
        finally:
            other.terminate()
        assert shop.change(-1, "sale")[0] == 200


def _is_refused_at_once(shop: Shop) -> None:
    """At once, though this machine may be busy with something else now and then."""
    took_s: list[float] = []
    while not took_s or (min(took_s) >= 1 and len(took_s) < 10):
        began = time.monotonic()
        status, refusal = shop.change(-1, "sale")
        took_s.append(time.monotonic() - began)
        assert (status, refusal["error"]) == (423, "LockHeld")
        assert refusal["key"] == "berlin/apple"
    assert min(took_s) < 1
