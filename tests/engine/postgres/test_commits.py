"""A commit that is struck at: what was answered is there once, and what was declined is not."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from surestock.inventory.commands import AdjustStock, CountStock
from surestock.inventory.unavailable import OutcomeUnknown
from surestock.kit.errors import Unavailable
from surestock.ledger.port import Envelope, Outcome
from surestock.resilience.breaker import BreakerConfig
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
from tests.engine.postgres.standby import await_session, miss_standby, want_standby
from tests.engine.postgres.storm import MOST_S
from tests.real.link import Link, Strike
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy
from tests.real.steady import steady_time

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

KEY = ("s1", "pear")
ONE_MORE = AdjustStock(*KEY, 1)
_LONG_S = 60
_SOON_S = 15


@dataclass
class Blow:
    """What is struck at, and until when that lasted, by the clock of ``steady_time``."""

    cluster: Cluster
    link: Link
    over_at: float = 0.0


Hook = Callable[[Blow], Strike]


def _cut_before(_: Blow) -> Strike:
    return Strike.CUT_BEFORE


def _cut_after(_: Blow) -> Strike:
    return Strike.CUT_AFTER


def _unheard(blow: Blow) -> Strike:
    blow.link.black_hole(to_client=False)
    return Strike.PASSES


def _unanswered(blow: Blow) -> Strike:
    blow.link.black_hole(to_server=False)
    return Strike.PASSES


def _ended(blow: Blow) -> Strike:
    blow.cluster.execute(f"SELECT pg_terminate_backend({blow.link.backend})")
    return Strike.PASSES


def _crash(blow: Blow) -> Strike:
    blow.cluster.kill()
    blow.cluster.start_again()
    blow.over_at = steady_time()
    return Strike.PASSES


def _frozen(blow: Blow) -> Strike:
    assert blow.link.backend is not None
    blow.cluster.freeze(blow.link.backend)
    return Strike.PASSES


def standby_gone_for_a_while(blow: Blow) -> Strike:
    """Let the commit wait for a standby, until somebody comes who waits for what it changes."""
    miss_standby(blow.cluster)
    threading.Thread(target=_come_back, args=(blow,)).start()
    return Strike.PASSES


def _come_back(blow: Blow) -> None:
    await_session(blow.cluster, "wait_event_type = 'Lock'", _SOON_S)
    want_standby(blow.cluster, "")
    blow.over_at = steady_time()


STRIKES = (
    _cut_before,
    _cut_after,
    _unheard,
    _unanswered,
    _ended,
    _crash,
    standby_gone_for_a_while,
)


def strike_once(proxy: Proxy, postgres: Cluster, hook: Hook) -> "asyncio.Future[Blow]":
    """Strike at the next commit; the future tells when."""
    loop = asyncio.get_running_loop()
    struck: asyncio.Future[Blow] = loop.create_future()

    def strike(link: Link) -> Strike:
        proxy.at_commit = None
        blow = Blow(postgres, link)
        loop.call_soon_threadsafe(struck.set_result, blow)
        return hook(blow)

    proxy.at_commit = strike
    return struck


async def on_hand(machine: Machine) -> int:
    """How much is there; it is asked for until it is told."""
    level = await until_told(lambda: machine.find_level(KEY))
    assert level is not None
    return level.on_hand


@pytest.mark.parametrize("keys", ["with keys", "without keys"])
@pytest.mark.parametrize("hook", STRIKES, ids=lambda it: it.__name__.strip("_"))
async def test_each_command_of_the_batch_happens_once(
    postgres: Cluster, proxy: Proxy, shop: str, hook: Hook, keys: str
) -> None:
    config = short_config(f"{proxy.url(shop)}?sslmode=disable", patience_s=_LONG_S)
    # However often a try fails while the server is slow to come back, nobody is turned away.
    config = replace(config, breaker=BreakerConfig(1000, 0.3))
    async with machines(Machine(config)) as (machine,):
        await machine.transact(sent(CountStock(*KEY, 0)))
        struck = strike_once(proxy, postgres, hook)
        began = steady_time()
        tries = [named(ONE_MORE, f"k-{number}") for number in range(5)]
        calls = [
            machine.transact(sent(ONE_MORE, it if keys == "with keys" else None)) for it in tries
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        took_s = steady_time() - max(began, struck.result().over_at)
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
        await until_answered(machine, sent(CountStock(*KEY, 0)))
        frozen: list[int | None] = []

        def freeze(blow: Blow) -> Strike:
            frozen.append(blow.link.backend)
            return _frozen(blow)

        struck = strike_once(proxy, postgres, freeze)
        key = named(ONE_MORE, "k") if keys == "with keys" else None
        first = await _in_doubt(machine, sent(ONE_MORE, key), struck)
        began = steady_time()
        declined = [machine.transact(sent(ONE_MORE)), other.transact(sent(ONE_MORE))]
        for answer in await asyncio.gather(*declined, return_exceptions=True):
            assert isinstance(answer, Unavailable)
            assert not isinstance(answer, OutcomeUnknown)
        with pytest.raises(OutcomeUnknown):
            await first
        assert steady_time() - began < MOST_S
        await asyncio.to_thread(postgres.thaw)
        await _until_gone(postgres, shop, frozen)
        if key is None:
            assert await on_hand(other) == await on_hand(machine) <= 1
        else:
            await until_answered(other, sent(ONE_MORE, key))
            assert await on_hand(machine) == 1
            again = await until_answered(machine, sent(ONE_MORE, key))
            assert again.replayed
            assert await on_hand(other) == 1
    await audited(postgres.url(shop))


async def _in_doubt(
    machine: Machine, envelope: Envelope, struck: "asyncio.Future[Blow]"
) -> "asyncio.Task[Outcome]":
    """Send it until its commit is struck at: a busy machine may not come so far in time."""
    while True:
        sending = asyncio.ensure_future(machine.transact(envelope))
        either: list[asyncio.Future[Any]] = [sending, struck]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if struck.done():
            return sending
        assert isinstance(sending.exception(), Unavailable)


async def _until_gone(cluster: Cluster, shop: str, backends: list[int | None]) -> None:
    """Wait until these have ended, who knows with what: then all is there that will ever be."""
    async with asyncio.timeout(_LONG_S):
        while {*backends} & {*await asyncio.to_thread(cluster.backends, shop)}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
