"""The platform and the store of the settings are those that carts and checkouts work with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from surestock.commerce.registry import PlatformUnknown, SettingsInvalid
from surestock.runtime.bootstrap import wire
from surestock.runtime.errors import StartRefused
from surestock.runtime.settings import Settings
from surestock.runtime.stock import Background

PHONE = {"name": "P", "type": "device", "unitPrice": 100, "currency": "EUR", "stocked": True}


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Serve in this process, with what runs beside the requests."""
    wired = wire(settings)
    await wired.engine.start()
    async with anyio.create_task_group() as tasks:
        for work in wired.background:
            tasks.start_soon(_run, work)
        transport = httpx.ASGITransport(wired.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            yield client
        tasks.cancel_scope.cancel()
    await wired.engine.close()


async def _run(work: Background) -> None:
    await work()


async def test_stock_is_taken_from_the_store_of_the_settings() -> None:
    async with client_of(Settings(engine="memory", cart_store_id="berlin")) as client:
        await client.put("/stores/berlin/inventory/phone", json={"onHand": 3})
        await client.put("/catalog/phone", json=PHONE)
        added = await client.post("/carts/ann/items", json={"sku": "phone", "qty": 1})
        assert added.json()["items"][0]["storeId"] == "berlin"
        bought = await client.post("/carts/ann/checkout")
        assert bought.status_code == 200, bought.text
        level = await client.get("/stores/berlin/inventory/phone")
        assert level.json()["onHand"] == 2


async def test_what_became_stocked_in_the_cart_is_taken_from_there_too() -> None:
    async with client_of(Settings(engine="memory", cart_store_id="berlin")) as client:
        await client.put("/stores/berlin/inventory/phone", json={"onHand": 3})
        await client.put("/catalog/phone", json=PHONE | {"stocked": False})
        await client.post("/carts/ann/items", json={"sku": "phone", "qty": 1})
        await client.post("/carts/bob/items", json={"sku": "phone", "qty": 1})
        await client.put("/catalog/phone", json=PHONE)
        synced = await client.post("/carts/bob/sync")
        assert synced.json()["items"][0]["storeId"] == "berlin"
        for user in ("ann", "bob"):
            assert (await client.post(f"/carts/{user}/checkout")).status_code == 200
        level = await client.get("/stores/berlin/inventory/phone")
        assert level.json()["onHand"] == 1


async def test_the_platform_is_configured_by_its_file(tmp_path: Path) -> None:
    config = tmp_path / "shop.json"
    config.write_text('{"sells": ["plan"]}')
    settings = Settings(engine="memory", commerce_config_file=config)
    async with client_of(settings) as client:
        await client.put("/catalog/phone", json=PHONE | {"stocked": False})
        await client.post("/carts/ann/items", json={"sku": "phone", "qty": 1})
        refused = await client.post("/carts/ann/checkout")
        assert (refused.status_code, refused.json()["error"]) == (409, "ItemNotSold")


def test_a_platform_that_cannot_be_had_is_refused_at_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"settles_s": "soon"}')
    with pytest.raises(StartRefused, match="COMMERCE_CONFIG_FILE"):
        wire(Settings(engine="memory", commerce_config_file=tmp_path / "none.json"))
    with pytest.raises(SettingsInvalid, match="settles_s"):
        wire(Settings(engine="memory", commerce_config_file=wrong))
    with pytest.raises(PlatformUnknown, match="nobody"):
        wire(Settings(engine="memory", commerce_provider="nobody"))


@pytest.mark.parametrize("shared", [True, False])
def test_a_platform_in_memory_is_warned_of_where_processes_share_their_data(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], *, shared: bool
) -> None:
    wired = wire(Settings(data_dir=tmp_path, locks_enabled=shared))
    wired.sink.flush()
    assert ("has a platform of its own" in capfd.readouterr().out) == shared
