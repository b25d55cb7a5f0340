"""A COMMIT without an answer: what became of it is found out, or told as unknown; never guessed."""

import asyncio

import asyncpg
import pytest

from surestock.database import DatabaseConfig
from surestock.engine.postgres import PostgresConfig
from surestock.inventory.commands import ReserveStock
from surestock.inventory.refusals import InsufficientStock
from surestock.inventory.unavailable import OutcomeUnknown
from surestock.kit.errors import Unavailable
from surestock.ledger.port import Envelope, Outcome
from surestock.resilience.breaker import BreakerConfig
from tests.engine.postgres.arena import Machine, audited, machines, named, sent, until_answered
from tests.engine.postgres.test_held_rows import stocked
from tests.real.cluster import Cluster
from tests.real.link import Link, Strike
from tests.real.proxy import Proxy

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

_LONG_S = 60
_RESERVED = "SELECT reserved FROM surestock.levels WHERE sku = 'tea'"
_TAKE = ReserveStock("east", "tea", 1)


def behind(proxy: Proxy, shop: str, patience_s: float) -> Machine:
    """Return an engine behind a network, which gives a connection up after 0.3 s."""
    database = DatabaseConfig(proxy.url(shop), connect_s=0.2, deadline_s=0.3)
    breaker = BreakerConfig(threshold=1000, cooldown_s=0.05)
    return Machine(PostgresConfig(database, patience_s=patience_s, breaker=breaker))


async def until_unknown(engine: Machine, envelope: Envelope, lost: asyncio.Event) -> None:
    """Send it until nobody knows what became of it, which is once its COMMIT is lost.

    A machine that is too busy may say before that nothing was done.
    """
    while True:
        with pytest.raises(Unavailable) as told:
            await engine.transact(envelope)
        if isinstance(told.value, OutcomeUnknown):
            assert lost.is_set()
            return
        assert not lost.is_set()


async def reserved(url: str) -> int:
    """Return how many are reserved, after an audit of every table."""
    await audited(url)
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(_RESERVED))
    finally:
        await connection.close()


async def until_lost(engine: Machine, times: int) -> None:
    while engine.watching.tries.get("lost", 0) < times:  # noqa: ASYNC110 - it only counts
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("arrives", [True, False])
async def test_what_cannot_be_found_out_in_time_is_unknown_and_the_same_key_finds_it_out(
    postgres: Cluster, proxy: Proxy, shop: str, *, arrives: bool
) -> None:
    lost = asyncio.Event()
    loop = asyncio.get_running_loop()

    def lose(_: Link) -> Strike:
        loop.call_soon_threadsafe(lost.set)
        proxy.black_hole(to_server=not arrives)
        return Strike.PASSES

    made = behind(proxy, shop, _LONG_S), behind(proxy, shop, 1.0)
    async with asyncio.timeout(_LONG_S), machines(*made) as (patient, engine):
        await stocked(patient)
        envelope = sent(_TAKE, named(_TAKE, "k"))
        proxy.at_commit = lose
        await until_unknown(engine, envelope, lost)
        assert engine.status().queue_depth == 0
        proxy.at_commit = None
        proxy.heal()
        outcome = await until_answered(engine, envelope)
        assert outcome.replayed or not arrives
        repeated = await until_answered(engine, envelope)
        assert repeated == Outcome(outcome.reply, outcome.sequence, replayed=True)
    assert await reserved(postgres.url(shop)) == 1


@pytest.mark.parametrize("is_keyed", [True, False])
@pytest.mark.parametrize("strike", [Strike.CUT_BEFORE, Strike.CUT_AFTER])
async def test_a_connection_that_is_cut_at_commit_costs_nobody_anything(
    postgres: Cluster, proxy: Proxy, shop: str, strike: Strike, *, is_keyed: bool
) -> None:
    strikes = [strike] * 3

    def cut(_: Link) -> Strike:
        return strikes.pop() if strikes else Strike.PASSES

    async with asyncio.timeout(_LONG_S), machines(behind(proxy, shop, _LONG_S)) as (engine,):
        await stocked(engine)
        proxy.at_commit = cut
        outcome = await engine.transact(sent(_TAKE, named(_TAKE, "k") if is_keyed else None))
        proxy.at_commit = None
        assert (outcome.replayed, strikes) == (False, [])
    assert await reserved(postgres.url(shop)) == 1


async def test_an_answer_that_comes_late_is_found_for_everybody_of_the_batch(
    postgres: Cluster, proxy: Proxy, shop: str
) -> None:
    lost = asyncio.Event()
    loop = asyncio.get_running_loop()

    def lose(_: Link) -> Strike:
        proxy.at_commit = None
        proxy.black_hole(to_server=False)
        loop.call_soon_threadsafe(lost.set)
        return Strike.PASSES

    async with asyncio.timeout(_LONG_S), machines(behind(proxy, shop, _LONG_S)) as (engine,):
        await stocked(engine)
        proxy.at_commit = lose
        too_many = sent(ReserveStock("east", "tea", 99))
        sending = [engine.transact(it) for it in (sent(_TAKE), sent(_TAKE), too_many)]
        batch = asyncio.gather(*sending, return_exceptions=True)
        await lost.wait()
        later = asyncio.ensure_future(engine.transact(sent(_TAKE)))
        await until_lost(engine, 2)
        assert not batch.done()
        proxy.heal()
        first, second, refused = await batch
        assert isinstance(first, Outcome)
        assert isinstance(second, Outcome)
        assert isinstance(refused, InsufficientStock)
        assert (await later).sequence == second.sequence + 1 == first.sequence + 2
    assert await reserved(postgres.url(shop)) == 3
