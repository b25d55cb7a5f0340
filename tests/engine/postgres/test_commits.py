"""A commit that is struck at: what was answered is there once, and what was declined is not."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from surestock.inventory.commands import AdjustStock, CountStock
from surestock.inventory.unavailable import OutcomeUnknown
from surestock.kit.errors import Unavailable
from surestock.ledger.port import Envelope, Outcome
from tests.engine.postgres.arena import Machine, audited, machines, named, sent
from tests.engine.postgres.storm import MOST_S, short_config
from tests.real.link import Link, Strike
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy

KEY = ("s1", "pear")
ONE_MORE = AdjustStock(*KEY, 1)
_LONG_S = 30
_A_WHILE_S = 1.5
_SOON_S = 0.3

Hook = Callable[[Cluster, Link], Strike]


def _cut_before(_: Cluster, __: Link) -> Strike:
    return Strike.CUT_BEFORE


def _cut_after(_: Cluster, __: Link) -> Strike:
    return Strike.CUT_AFTER


def _unheard(_: Cluster, link: Link) -> Strike:
    link.black_hole(to_client=False)
    return Strike.PASSES


def _unanswered(_: Cluster, link: Link) -> Strike:
    link.black_hole(to_server=False)
    return Strike.PASSES


def _ended(cluster: Cluster, link: Link) -> Strike:
    cluster.execute(f"SELECT pg_terminate_backend({link.backend})")
    return Strike.PASSES


def _crash(cluster: Cluster, _: Link) -> Strike:
    cluster.kill()
    cluster.start_again()
    return Strike.PASSES


def _frozen(cluster: Cluster, link: Link) -> Strike:
    assert link.backend is not None
    cluster.freeze(link.backend)
    return Strike.PASSES


def standby_gone_for_a_while(cluster: Cluster, _: Link) -> Strike:
    """Let the commit wait for a standby, longer than its client waits for the commit."""
    _want_standby(cluster, "gone")
    time.sleep(_SOON_S)  # the server's processes learn of it one by one
    threading.Timer(_A_WHILE_S, _want_standby, (cluster, "")).start()
    return Strike.PASSES


def _want_standby(cluster: Cluster, name: str) -> None:
    cluster.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    cluster.execute("SELECT pg_reload_conf()")


STRIKES = (
    _cut_before,
    _cut_after,
    _unheard,
    _unanswered,
    _ended,
    _crash,
    standby_gone_for_a_while,
)


def strike_once(proxy: Proxy, postgres: Cluster, hook: Hook) -> asyncio.Event:
    """Strike at the next commit; the event tells when."""
    struck = asyncio.Event()
    loop = asyncio.get_running_loop()

    def strike(link: Link) -> Strike:
        proxy.at_commit = None
        loop.call_soon_threadsafe(struck.set)
        return hook(postgres, link)

    proxy.at_commit = strike
    return struck


async def on_hand(machine: Machine) -> int:
    """How much is there; it is asked for until it is told."""
    async with asyncio.timeout(_LONG_S):
        while True:
            with suppress(Unavailable):
                level = await machine.find_level(KEY)
                assert level is not None
                return level.on_hand
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("keys", ["with keys", "without keys"])
@pytest.mark.parametrize("hook", STRIKES, ids=lambda it: it.__name__.strip("_"))
async def test_each_command_of_the_batch_happens_once(
    postgres: Cluster, proxy: Proxy, shop: str, hook: Hook, keys: str
) -> None:
    async with machines(Machine(short_config(f"{proxy.url(shop)}?sslmode=disable"))) as (machine,):
        await machine.transact(sent(CountStock(*KEY, 0)))
        struck = strike_once(proxy, postgres, hook)
        began = asyncio.get_running_loop().time()
        tries = [named(ONE_MORE, f"k-{number}") for number in range(5)]
        calls = [
            machine.transact(sent(ONE_MORE, it if keys == "with keys" else None)) for it in tries
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        took_s = asyncio.get_running_loop().time() - began
        assert struck.is_set()
        assert took_s < MOST_S
        assert all(isinstance(it, Outcome) for it in answers), answers
        assert len({it.sequence for it in answers if isinstance(it, Outcome)}) == 5
        proxy.heal()
        assert await on_hand(machine) == 5
    await audited(postgres.url(shop))


@pytest.mark.parametrize("keys", ["with keys", "without keys"])
async def test_a_commit_that_stands_still_is_told_to_be_unknown_and_happens_once(
    postgres: Cluster, proxy: Proxy, shop: str, keys: str
) -> None:
    other = Machine(short_config(postgres.url(shop)))
    async with machines(Machine(short_config(f"{proxy.url(shop)}?sslmode=disable")), other) as (
        machine,
        _,
    ):
        await machine.transact(sent(CountStock(*KEY, 0)))
        struck = strike_once(proxy, postgres, _frozen)
        key = named(ONE_MORE, "k") if keys == "with keys" else None
        loop = asyncio.get_running_loop()
        began = loop.time()
        first = asyncio.ensure_future(machine.transact(sent(ONE_MORE, key)))
        await struck.wait()
        declined = [machine.transact(sent(ONE_MORE)), other.transact(sent(ONE_MORE))]
        for answer in await asyncio.gather(*declined, return_exceptions=True):
            assert isinstance(answer, Unavailable)
            assert not isinstance(answer, OutcomeUnknown)
        with pytest.raises(OutcomeUnknown):
            await first
        assert loop.time() - began < MOST_S
        await asyncio.to_thread(postgres.thaw)
        if key is None:
            assert await on_hand(other) == await on_hand(machine) <= 1
        else:
            async with asyncio.timeout(_LONG_S):
                await _until_answered(other, sent(ONE_MORE, key))
            assert await on_hand(machine) == 1
            again = await machine.transact(sent(ONE_MORE, key))
            assert again.replayed
            assert await on_hand(other) == 1
    await audited(postgres.url(shop))


async def _until_answered(machine: Machine, envelope: Envelope) -> Outcome:
    while True:
        with suppress(Unavailable):
            return await machine.transact(envelope)
        await asyncio.sleep(0.05)
