"""A database that has lost what was committed in it ends its services; new ones serve what is."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from surestock.kit.clock import SystemClock
from surestock.runtime.postgres import stock
from surestock.runtime.settings import Settings
from surestock.sync.outbox import PostgresCentral
from surestock.telemetry.log import make_log
from surestock.telemetry.metrics import Metrics
from tests.real.postgres import Cluster
from tests.runtime.postgres.shop import LEVEL, Shop

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

LOST = """
BEGIN;
DELETE FROM surestock.records WHERE sequence > 10;
DELETE FROM surestock.versions WHERE sequence > 10;
UPDATE surestock.levels SET on_hand = 10, version = 10;
UPDATE surestock.head SET sequence = 10;
UPDATE surestock.central SET on_hand = 10, version = 10;
UPDATE surestock.central_head SET sequence = 10;
COMMIT
"""
"""As a standby has it that ended at record 10, when it is promoted."""


def fed(shop: Shop, after: int) -> list[tuple[int, int]]:
    """Return the sequence and the stock of each record that follows."""
    status, page = shop.ask("GET", f"/events?after={after}")
    assert status == 200, page
    return [(it["sequence"], it["levels"][0]["onHand"]) for it in page["items"]]


def test_a_service_whose_records_are_lost_ends_in_order_and_a_new_one_serves_what_is_there(
    tmp_path: Path, url: str, postgres: Cluster
) -> None:
    with Shop(tmp_path, "one", url) as shop:
        for on_hand in range(1, 21):
            shop.count("apple", on_hand)
        assert shop.held("apple", 20) == 20
        assert fed(shop, 8)[-1] == (20, 20)
        postgres.execute(LOST, url.rpartition("/")[2])
        assert shop.ended() == 1
        assert shop.errors == ""
        (failed,) = [it for it in shop.lines() if it["event"] == "the engine failed"]
        assert "the log went back from record 20 to 10" in failed["why"]
    with Shop(tmp_path, "two", url) as shop:
        assert shop.ask("GET", LEVEL)[1]["onHand"] == 10
        assert shop.change(-1, "after")[1]["sequence"] == 11
        assert shop.held("apple", 11) == 9
        assert shop.sync() == 11
        assert fed(shop, 8) == [(9, 9), (10, 10), (11, 9)]
        shop.process.terminate()
        assert shop.ended() == 0
        assert shop.errors == ""


async def test_a_loss_that_only_the_central_view_sees_ends_the_service_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, Any] = {}

    def make(*parts: Any, **named: Any) -> PostgresCentral:
        told.update(named)
        return PostgresCentral(*parts, **named)

    monkeypatch.setattr(stock, "PostgresCentral", make)
    clock = SystemClock()
    log = make_log(lambda _: None, clock, "info")
    settings = Settings(engine="postgres", database_url="postgres://db/stock")
    made = stock.make_postgres_stock(settings, clock, Metrics(), log, None, None)
    told["went_back"](20, 10)
    async with asyncio.timeout(30):
        assert "from record 20 to 10" in str(await made.failed())
