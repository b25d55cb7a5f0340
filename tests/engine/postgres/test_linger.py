"""A batch waits a little for as many as were in the last one."""

import asyncio

import pytest

from surestock.engine.postgres import writer
from surestock.inventory.commands import CountStock
from surestock.ledger.port import Envelope
from tests.engine.postgres.arena import Machine, machines, patient_config, sent
from tests.real.postgres import Cluster


def count(sku: str) -> Envelope:
    return sent(CountStock("east", sku, 1))


@pytest.mark.parametrize(("linger", "sizes"), [(1_000_000, [2, 2]), (0, [2, 1, 1])])
async def test_who_comes_back_soon_goes_along(
    postgres: Cluster, shop: str, monkeypatch: pytest.MonkeyPatch, linger: float, sizes: list[int]
) -> None:
    monkeypatch.setattr(writer, "_LINGER", linger)
    monkeypatch.setattr(writer, "_LONGEST_LINGER_S", 60)
    machine = Machine(patient_config(postgres.url(shop)))
    found: list[int] = []
    monkeypatch.setattr(machine.watching, "committed", lambda records, _: found.append(records))
    async with machines(machine):
        await machine.transact_each([count("a"), count("b")])
        first = asyncio.ensure_future(machine.transact(count("c")))
        for _ in range(20):
            await asyncio.sleep(0)
        await machine.transact(count("d"))
        await first
    assert found == sizes


async def test_one_who_comes_alone_waits_for_nobody(
    postgres: Cluster, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_LINGER", 1_000_000)
    monkeypatch.setattr(writer, "_LONGEST_LINGER_S", 60)
    async with machines(Machine(patient_config(postgres.url(shop)))) as (machine,):
        async with asyncio.timeout(60):
            for sku in "abcde":
                await machine.transact(count(sku))
