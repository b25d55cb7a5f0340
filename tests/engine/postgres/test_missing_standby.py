"""While a synchronous standby is away nothing is told to be done, and whatever is read is told."""

import asyncio

import pytest

from surestock.inventory.commands import AdjustStock, CountStock, ExpectedLine, MakeReservation
from surestock.inventory.model import Line
from surestock.kit.errors import Unavailable
from tests.engine.postgres.arena import (
    Machine,
    audited,
    machines,
    named,
    sent,
    short_config,
    until_answered,
    until_told,
)
from tests.engine.postgres.standby import missing_standby
from tests.real.postgres import Cluster

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

KEY = ("s1", "pear")
_LONG_S = 90


@pytest.fixture
def machine(postgres: Cluster, shop: str) -> Machine:
    return Machine(short_config(postgres.url(shop)))


async def waiting(postgres: Cluster, shop: str) -> list[str]:
    """Return the sessions whose commit waits for the standby."""
    of_shop = f"datname = '{shop}' AND wait_event = 'SyncRep'"
    asked = f"SELECT pid FROM pg_stat_activity WHERE {of_shop}"  # noqa: S608
    return [str(pid) for (pid,) in await asyncio.to_thread(postgres.execute, asked)]


async def ended_in_the_middle(postgres: Cluster, shop: str) -> None:
    """End whoever waits for the standby: what he was about to commit can be seen from then on."""
    while pids := await waiting(postgres, shop):
        for pid in pids:
            await asyncio.to_thread(postgres.execute, f"SELECT pg_terminate_backend({pid})")
        await asyncio.sleep(0.05)


async def test_a_change_that_no_standby_has_is_not_told_to_be_done_whoever_asks_again(
    machine: Machine, postgres: Cluster, shop: str
) -> None:
    change = AdjustStock(*KEY, -1)
    key = named(change, "k")
    async with asyncio.timeout(_LONG_S), machines(machine):
        await until_answered(machine, sent(CountStock(*KEY, 5)))
        with missing_standby(postgres):
            while not await waiting(postgres, shop):  # a busy machine may not come so far in time
                with pytest.raises(Unavailable):
                    await machine.transact(sent(change, key))
            await ended_in_the_middle(postgres, shop)
            level = await until_told(lambda: machine.find_level(KEY))
            assert level is not None
            assert level.on_hand == 4, "it can be seen"
            for _ in range(4):
                with pytest.raises(Unavailable):
                    await machine.transact(sent(change, key))
                with pytest.raises(Unavailable):
                    await machine.find_answer(key)
            # Sessions that are given up don't add up; the server may see a little later who is.
            while len(await waiting(postgres, shop)) > 2:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert (await until_answered(machine, sent(change, key))).replayed
    await audited(postgres.url(shop))


async def test_what_is_due_is_read_all_the_while(
    machine: Machine, postgres: Cluster, shop: str
) -> None:
    hold = MakeReservation((ExpectedLine(Line(*KEY, 2)),), 1)
    async with asyncio.timeout(_LONG_S), machines(machine):
        await until_answered(machine, sent(CountStock(*KEY, 5)))
        await until_answered(machine, sent(hold))
        with missing_standby(postgres):
            await asyncio.sleep(1.1)
            level = await until_told(lambda: machine.find_level(KEY))
            assert level is not None
            assert level.available == 5
            assert not await waiting(postgres, shop)
