"""A machine that ends, at any moment: everybody is answered, truly, and nothing of it is left."""

import asyncio
from contextlib import suppress
from random import Random

import pytest

from surestock.inventory.commands import CountStock
from surestock.kit.errors import Refusal, Unavailable
from tests.engine.postgres.arena import (
    Machine,
    audited,
    machines,
    named,
    patient_config,
    sent,
    short_config,
    until_none_is_left,
)
from tests.engine.postgres.orders import SKUS, STORE, World, any_command
from tests.engine.postgres.verdict import Seen, Told
from tests.real.link import Strike
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

_CLIENTS = 30
_LONG_S = 60


async def _sells(machine: Machine, draw: Random, seen: Seen) -> None:
    """Send commands until the machine takes no more."""
    while True:
        command = any_command(draw, World())
        key = named(command, f"k-{draw.randrange(20)}") if draw.random() < 0.3 else None
        told = Told(sent(command, key), 0, None)
        seen.told.append(told)
        try:
            told.answer = await machine.transact(told.envelope)
        except (Refusal, Unavailable) as error:
            told.answer = error
            if type(error).__name__ == "ShuttingDown":
                return
            await asyncio.sleep(0.001)  # one that is refused at once would let nobody else run
        with suppress(Unavailable):
            await machine.find_level((STORE, draw.choice(SKUS)))


async def _end_in_the_middle(machine: Machine, draw: Random, seen: Seen) -> None:
    """Let clients come, end the machine after a while, and wait for all of their answers."""
    opening = Told(sent(CountStock(STORE, "fig", 9)), 0, None)
    seen.told.append(opening)
    with suppress(Refusal, Unavailable):
        await machine.transact(opening.envelope)
    loop = asyncio.get_running_loop()
    clients = [loop.create_task(_sells(machine, draw, seen)) for _ in range(_CLIENTS)]
    await asyncio.sleep(draw.random() * 0.2)
    for client in draw.sample(clients, 3):
        client.cancel()
    async with asyncio.timeout(_LONG_S):
        await machine.close()
        await asyncio.wait(clients)
    assert [it for it in clients if it.cancelled() or it.result() is None] == clients


async def _all_gone(cluster: Cluster, shop: str) -> None:
    async with asyncio.timeout(_LONG_S):
        while await asyncio.to_thread(cluster.backends, shop):  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("weather", ["fair", "struck", "dark"])
async def test_whoever_waits_when_a_machine_ends_is_answered(
    postgres: Cluster, proxy: Proxy, shop: str, weather: str
) -> None:
    draw, seen = Random(weather), Seen()
    tasks = asyncio.all_tasks()
    for _ in range(3 if weather == "dark" else 8):
        machine = Machine(short_config(f"{proxy.url(shop)}?sslmode=disable"))
        if weather == "struck":
            strikes = Random(draw.random())
            proxy.at_commit = lambda _, strikes=strikes: strikes.choice(
                (Strike.PASSES, Strike.PASSES, *Strike)
            )
        await machine.start()
        if weather == "dark":
            asyncio.get_running_loop().call_later(0.1 + draw.random() * 0.1, proxy.black_hole)
        await _end_in_the_middle(machine, draw, seen)
        proxy.at_commit = None
        await asyncio.sleep(0.2)
        proxy.heal()
    await until_none_is_left(tasks)
    await _all_gone(postgres, shop)
    await audited(postgres.url(shop))
    async with machines(Machine(patient_config(postgres.url(shop)))) as (quiet,):
        records = await quiet.records(0, 1_000_000)
    seen.check(records, one_clock=True)
