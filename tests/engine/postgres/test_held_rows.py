"""A row that somebody else holds: only its own commands wait, and not for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from surestock.cart.commands import AddItem, PutProduct
from surestock.database import DatabaseConfig
from surestock.engine.postgres import PostgresConfig, writer
from surestock.engine.postgres.deciding import Verdicts
from surestock.engine.postgres.transaction import Transaction
from surestock.inventory.central import Central
from surestock.inventory.commands import CountStock, ExpectedLine, MakeReservation, ReserveStock
from surestock.inventory.model import Line
from surestock.inventory.unavailable import DatabaseUnavailable, LockHeld
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig
from tests.api.centrals import AbsentCentral
from tests.api.desk import Api, problem
from tests.engine.postgres.arena import Machine, machines, named, sent, until_answered
from tests.real.cluster import Cluster

_LONG_S = 60
_LEVEL = "SELECT FROM surestock.levels WHERE sku = 'tea' FOR UPDATE"
_PRODUCT = "SELECT FROM surestock.documents WHERE id = 'plan' FOR UPDATE"
Open = Callable[..., Machine]


@pytest.fixture
def url(postgres: Cluster, shop: str) -> str:
    return postgres.url(shop)


@pytest.fixture
def machine(url: str) -> Open:
    """Make an engine with these settings. No failure of these tests opens its breaker."""

    def make(*, patience_s: float = 60.0, fail_fast: bool = False) -> Machine:
        config = PostgresConfig(
            DatabaseConfig(url, connect_s=20.0, deadline_s=20.0, lock_s=0.1),
            patience_s=patience_s,
            fail_fast=fail_fast,
            retry_after_s=3,
            breaker=BreakerConfig(1000, 1.0),
        )
        return Machine(config)

    return make


@asynccontextmanager
async def holding(url: str, rows: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold rows for the block, as somebody at a prompt might who went for lunch."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("BEGIN")
        assert await connection.fetch(rows), "there is nothing to hold"
        yield connection
    finally:
        # Before anybody asks again: a connection that is cut off is missed a little later.
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        connection.terminate()


async def stocked(engine: Machine) -> None:
    for sku in ("tea", "rice"):
        await engine.transact(sent(CountStock("east", sku, 10)))


async def test_only_the_commands_of_a_held_row_wait_until_it_is_free(
    url: str, machine: Open
) -> None:
    async with asyncio.timeout(_LONG_S), machines(machine()) as (engine,):
        await stocked(engine)
        async with holding(url, _LEVEL):
            waiting = [
                asyncio.ensure_future(engine.transact(sent(ReserveStock("east", "tea", 1))))
                for _ in range(3)
            ]
            for _ in range(5):
                await engine.transact(sent(ReserveStock("east", "rice", 1)))
            assert not any(it.done() for it in waiting)
        outcomes = await asyncio.gather(*waiting)
        sequences = [outcome.sequence for outcome in outcomes]
        assert sequences == sorted(sequences), "first come, first served"
        level = await engine.find_level(("east", "tea"))
        assert level is not None
        assert level.reserved == 3


async def test_a_command_of_two_rows_waits_for_both(url: str, machine: Open) -> None:
    lines = (ExpectedLine(Line("east", "rice", 1)), ExpectedLine(Line("east", "tea", 1)))
    async with asyncio.timeout(_LONG_S), machines(machine()) as (engine,):
        await stocked(engine)
        async with holding(url, _LEVEL):
            both = asyncio.ensure_future(engine.transact(sent(MakeReservation(lines))))
            await engine.transact(sent(ReserveStock("east", "rice", 1)))
            assert not both.done()
        await both
        for sku, reserved in (("rice", 2), ("tea", 1)):
            level = await engine.find_level(("east", sku))
            assert level is not None
            assert level.reserved == reserved


async def test_a_row_that_is_not_free_within_the_patience_is_a_503_and_nothing_changed(
    url: str, machine: Open
) -> None:
    made = machine(), machine(patience_s=0.5)
    async with asyncio.timeout(_LONG_S), machines(*made) as (patient, engine):
        await stocked(patient)
        command = ReserveStock("east", "tea", 1)
        key = named(command, "k")
        async with holding(url, _LEVEL):
            with pytest.raises(DatabaseUnavailable):
                await engine.transact(sent(command, key))
            await until_answered(engine, sent(ReserveStock("east", "rice", 1)))
        outcome = await patient.transact(sent(command, key))
        assert not outcome.replayed
        level = await patient.find_level(("east", "tea"))
        assert level is not None
        assert (level.reserved, level.version) == (1, 2)


async def test_a_command_that_may_fail_fast_is_refused_by_the_name_of_the_row(
    url: str, machine: Open
) -> None:
    async with asyncio.timeout(_LONG_S), machines(machine(fail_fast=True)) as (engine,):
        await stocked(engine)
        async with holding(url, _LEVEL):
            with pytest.raises(LockHeld) as held:
                await engine.transact(sent(ReserveStock("east", "tea", 1)))
            assert (held.value.key, held.value.retry_after_s) == ("east/tea", 3)
            await engine.transact(sent(ReserveStock("east", "rice", 1)))
        await engine.transact(sent(ReserveStock("east", "tea", 1)))


async def test_a_row_that_is_only_looked_at_is_waited_for_even_then(
    url: str, machine: Open
) -> None:
    async with asyncio.timeout(_LONG_S), machines(machine(fail_fast=True)) as (engine,):
        plan = PutProduct("plan", "Plan", "plan", 1, "EUR", stocked=False)
        await engine.transact(sent(plan))
        await stocked(engine)
        async with holding(url, _PRODUCT):
            added = asyncio.ensure_future(engine.transact(sent(AddItem("ann", "plan", 1))))
            await engine.transact(sent(ReserveStock("east", "rice", 1)))
            assert not added.done()
            with pytest.raises(LockHeld):
                await engine.transact(sent(plan))
        await added


async def test_a_client_is_told_which_row_it_was(url: str, machine: Open) -> None:
    central: Central = AbsentCentral()
    async with asyncio.timeout(_LONG_S), machines(machine(fail_fast=True)) as (engine,):
        await stocked(engine)
        api = Api(engine, ManualClock(), central)
        async with api.client, holding(url, _LEVEL):
            answer = await api.post("/stores/east/inventory/tea/reserve", {"qty": 1})
        assert (answer.status_code, problem(answer)["error"]) == (503, "LockHeld")
        assert answer.headers["x-lock-key"] == "east/tea"
        assert answer.headers["retry-after"] == "3"


async def test_a_read_does_not_wait_for_who_changes_a_row(url: str, machine: Open) -> None:
    async with asyncio.timeout(_LONG_S), machines(machine()) as (engine,):
        await stocked(engine)
        async with holding(url, _LEVEL):
            level = await engine.find_level(("east", "tea"))
        assert level is not None
        assert level.on_hand == 10


@pytest.mark.parametrize(
    ("others", "rounds"), [(0, [False, True, False]), (2, [False, True, True])]
)
async def test_who_went_around_a_row_queues_for_it_again_unless_few_want_it(
    url: str, machine: Open, monkeypatch: pytest.MonkeyPatch, others: int, rounds: list[bool]
) -> None:
    """Else machines that share a row only look whether it is free, and it never is."""
    arounds: list[bool] = []

    class Noted(Transaction):
        async def run(self) -> Verdicts:
            arounds.append(self._around)
            return await super().run()

    async with asyncio.timeout(_LONG_S), machines(machine()) as (engine,):
        await stocked(engine)
        monkeypatch.setattr(writer, "Transaction", Noted)
        async with holding(url, _LEVEL):
            commands = [sent(ReserveStock("east", "tea", 1))]
            commands += [sent(ReserveStock("east", "rice", 1)) for _ in range(others)]
            sending = asyncio.ensure_future(engine.transact_each(commands))
            while len(arounds) < 3:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)
        await sending
    assert arounds[:3] == rounds
