"""Machines in each other's way, each way by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec.structs import replace

from surestock.cart.commands import AddItem, BeginCheckout, FailCheckout, PutProduct
from surestock.cart.model import Checkout, Failure
from surestock.database import DatabaseConfig, open_connection
from surestock.idempotency import IdempotencyConflict, fingerprint_of, make_key, row_key
from surestock.inventory.commands import AdjustStock, CountStock, ReserveStock
from surestock.inventory.unavailable import LockHeld
from surestock.kit.errors import Unavailable
from surestock.ledger.command import Command
from surestock.ledger.port import Envelope, Outcome
from tests.engine.postgres.arena import Machine, audited, machines, patient_config, sent
from tests.engine.postgres.standby import await_session
from tests.real.link import Link, Strike
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy

STORE = "online"
_LONG_S = 30


def rows_of(commands: list[Command], name: str) -> list[Envelope]:
    """A batch under a key."""
    batch = make_key("c", "POST", "/batch", name, fingerprint_of(commands))
    return [sent(command, row_key(batch, row)) for row, command in enumerate(commands)]


def hold_up_commit(proxy: Proxy, postgres: Cluster) -> asyncio.Event:
    """Let the next commit come to the server once another session waits for what it locks.

    The event tells when it was sent.
    """
    sent_one = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait(_: Link) -> Strike:
        proxy.at_commit = None
        loop.call_soon_threadsafe(sent_one.set)
        assert await_session(postgres, "wait_event_type = 'Lock'", _LONG_S), "nobody waits"
        return Strike.PASSES

    proxy.at_commit = wait
    return sent_one


@asynccontextmanager
async def levels_locked(url: str) -> AsyncIterator[None]:
    """Have all levels, as another transaction does."""
    other = await asyncpg.connect(url)
    try:
        async with other.transaction():
            await other.execute("SELECT FROM surestock.levels FOR UPDATE")
            yield
    finally:
        await other.close()


async def put_in_cart(machine: Machine, sku: str, *, stocked: bool) -> None:
    """Sell a product, and let ann have it."""
    await machine.transact(sent(PutProduct(sku, sku, "device", 100, "EUR", stocked)))
    await machine.transact(sent(AddItem("ann", sku, 1)))


async def test_a_batch_s_key_is_used_for_one_batch_though_two_come_at_once(
    postgres: Cluster, proxy: Proxy, shop: str
) -> None:
    mine: list[Command] = [AdjustStock(STORE, "w", -1000), AdjustStock(STORE, "y", 1)]
    yours: list[Command] = [AdjustStock(STORE, "x", 1), AdjustStock(STORE, "z", -1000)]
    there = Machine(patient_config(postgres.url(shop)))
    async with machines(Machine(patient_config(proxy.url(shop))), there) as (here, _):
        for sku in "wxyz":
            await here.transact(sent(CountStock(STORE, sku, 5)))
        is_committing = hold_up_commit(proxy, postgres)
        first = asyncio.ensure_future(here.transact_each(rows_of(mine, "k")))
        await is_committing.wait()
        with pytest.raises(IdempotencyConflict):
            await there.transact_each(rows_of(yours, "k"))
        assert isinstance((await first)[1], Outcome)
    await audited(postgres.url(shop))


async def test_what_is_locked_elsewhere_is_not_taken_for_missing(
    postgres: Cluster, shop: str
) -> None:
    config = replace(patient_config(postgres.url(shop)), fail_fast=True)
    async with machines(Machine(config)) as (machine,):
        await machine.transact(sent(CountStock(STORE, "pear", 5)))
        await put_in_cart(machine, "gift", stocked=False)
        await machine.transact(sent(PutProduct("pear", "pear", "device", 9, "EUR", stocked=True)))
        commands = AddItem("ann", "pear", 2), BeginCheckout("ann"), AdjustStock(STORE, "pear", 1)
        async with levels_locked(postgres.url(shop)):
            calls = [machine.transact(sent(command)) for command in commands]
            added, *others = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(added, Outcome)
        assert [type(it) for it in others] == [LockHeld, LockHeld]


async def test_a_checkout_that_follows_in_the_same_batch_ends_what_is_due(
    postgres: Cluster, shop: str
) -> None:
    async with machines(Machine(patient_config(postgres.url(shop)))) as (machine,):
        await machine.transact(sent(CountStock(STORE, "pear", 2)))
        await machine.transact(sent(ReserveStock(STORE, "pear", 2, ttl_s=1)))
        await put_in_cart(machine, "gift", stocked=False)
        await machine.transact(sent(PutProduct("pear", "pear", "device", 9, "EUR", stocked=True)))
        await asyncio.sleep(1.1)
        commands = AddItem("ann", "pear", 2), BeginCheckout("ann")
        await asyncio.gather(*(machine.transact(sent(command)) for command in commands))
    await audited(postgres.url(shop))


async def test_a_cart_is_frozen_by_a_checkout_that_was_not_there_when_it_was_waited_for(
    postgres: Cluster, proxy: Proxy, shop: str
) -> None:
    there = Machine(patient_config(postgres.url(shop)))
    async with machines(Machine(patient_config(proxy.url(shop))), there) as (here, _):
        await here.transact(sent(CountStock(STORE, "pear", 5)))
        await put_in_cart(here, "pear", stocked=True)
        is_committing = hold_up_commit(proxy, postgres)
        begun = asyncio.ensure_future(here.transact(sent(BeginCheckout("ann"))))
        await is_committing.wait()
        with pytest.raises(Exception, match="checkout"):
            await there.transact(sent(AddItem("ann", "pear", 1)))
        await begun
    await audited(postgres.url(shop))


async def test_whoever_looks_at_a_level_for_too_long_opens_no_breaker(
    postgres: Cluster, shop: str
) -> None:
    async with machines(Machine(patient_config(postgres.url(shop)))) as (machine,):
        await machine.transact(sent(CountStock(STORE, "pear", 5)))
        await machine.transact(sent(ReserveStock(STORE, "pear", 1, ttl_s=1)))
        await asyncio.sleep(1.1)
        async with levels_locked(postgres.url(shop)):
            for _ in range(6):
                with pytest.raises(Unavailable):
                    await machine.find_level((STORE, "pear"))
        assert machine.status().breaker == "closed"


async def test_levels_are_read_again_once_the_database_is_back(
    postgres: Cluster, shop: str
) -> None:
    async with machines(Machine(patient_config(postgres.url(shop)))) as (machine,):
        await machine.transact(sent(CountStock(STORE, "pear", 5)))
        await asyncio.to_thread(postgres.stop_at_once)
        for _ in range(6):
            with pytest.raises(Unavailable):
                await machine.find_level((STORE, "pear"))
        await asyncio.to_thread(postgres.start_again)
        async with asyncio.timeout(_LONG_S):
            while machine.status().breaker != "closed":  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert await machine.find_level((STORE, "pear")) is not None


async def test_what_a_platform_says_is_recorded_as_it_said_it(postgres: Cluster, shop: str) -> None:
    members = {"sequence": 0, "more": {"sequence": 0.5, "said": '"sequence":0'}}
    async with machines(Machine(patient_config(postgres.url(shop)))) as (machine,):
        await machine.transact(sent(CountStock(STORE, "pear", 5)))
        await put_in_cart(machine, "pear", stocked=True)
        await machine.transact(sent(BeginCheckout("ann")))
        checkout = await machine.find_document((Checkout.KIND, "ann"))
        assert isinstance(checkout, Checkout)
        failure = Failure("Declined", "no", members)
        await machine.transact(sent(FailCheckout("ann", checkout.attempt.attempt_id, failure)))
        ended = await machine.find_document((Checkout.KIND, "ann"))
        assert isinstance(ended, Checkout)
        assert ended.failure is not None
        assert ended.failure.members == members
    await audited(postgres.url(shop))


async def test_what_a_database_or_role_sets_does_not_weaken_a_commit(
    postgres: Cluster, shop: str
) -> None:
    for setting in (
        "statement_timeout = '700ms'",
        "default_transaction_isolation = 'repeatable read'",
        "default_transaction_read_only = on",
    ):
        postgres.execute(f'ALTER DATABASE "{shop}" SET {setting}')
    connection = await open_connection(DatabaseConfig(postgres.url(shop), connect_s=_LONG_S))
    names = "statement_timeout", "transaction_isolation", "transaction_read_only"
    said = [await connection.fetchval(f"SHOW {name}") for name in names]
    await connection.close()
    assert said == ["0", "read committed", "off"]
