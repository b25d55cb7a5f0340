"""A database that has lost what was committed in it: whoever remembers that, ends."""

import asyncio

import pytest

from surestock.inventory import commands as stock
from tests.engine.postgres.arena import Machine, audited, machines, patient_config, sent
from tests.real.postgres import Cluster

LOST = """
DELETE FROM surestock.records WHERE sequence > 10;
DELETE FROM surestock.versions WHERE sequence > 10;
UPDATE surestock.levels SET on_hand = 10, version = 10;
UPDATE surestock.head SET sequence = 10
"""
"""As a standby has it that ended at record 10, when it is promoted."""

OTHERS = "UPDATE surestock.records SET id = 'other ' || id WHERE sequence > 10"
"""The same, and others have committed as many since."""


@pytest.fixture
def machine(postgres: Cluster, shop: str) -> Machine:
    return Machine(patient_config(postgres.url(shop)))


async def commit(machine: Machine, count: int) -> None:
    """Commit records one after the other; record N counts N pears, if it is the first to do so."""
    for number in range(1, count + 1):
        await machine.transact(sent(stock.CountStock("online", "pear", number)))


async def why(machine: Machine) -> str:
    """Return why the engine fails, which it does."""
    async with asyncio.timeout(60):
        return str(await machine.failed())


def strike(postgres: Cluster, shop: str, blow: str) -> None:
    """Change the database in one transaction."""
    postgres.execute(f"BEGIN; {blow}; COMMIT", shop)


@pytest.mark.parametrize(
    ("blow", "told"),
    [(LOST, "the log went back from record 20 to 10"), (OTHERS, "record 20 is another one")],
    ids=["lost", "lost and overtaken"],
)
async def test_who_does_nothing_notices_that_what_it_committed_is_lost(
    postgres: Cluster, shop: str, machine: Machine, blow: str, told: str
) -> None:
    async with machines(machine):
        await commit(machine, 20)
        strike(postgres, shop, blow)
        assert told in await why(machine)
        machine.is_told_of_a_loss = True


async def test_who_only_read_notices_it_too(postgres: Cluster, shop: str, machine: Machine) -> None:
    config = patient_config(postgres.url(shop))
    reading = Machine(config)
    async with machines(machine, reading):
        await commit(machine, 20)
        assert len(await reading.records(0, 100)) == 20
        strike(postgres, shop, LOST)
        assert "the log went back from record 20 to 10" in await why(reading)
        await why(machine)
        machine.is_told_of_a_loss = reading.is_told_of_a_loss = True


async def test_a_machine_that_begins_then_serves_what_is_there(
    postgres: Cluster, shop: str, machine: Machine
) -> None:
    async with machines(machine):
        await commit(machine, 20)
        strike(postgres, shop, LOST)
        await why(machine)
        machine.is_told_of_a_loss = True
    url = postgres.url(shop)
    again = Machine(patient_config(url))
    async with machines(again):
        assert again.status().sequence == 10
        await again.transact(sent(stock.AdjustStock("online", "pear", -1)))
        assert [it.sequence for it in await again.records(8, 100)] == [9, 10, 11]
        async with asyncio.timeout(60):
            await again.committed_beyond(10)
        level = await again.find_level(("online", "pear"))
        assert level is not None
        assert (level.on_hand, level.version) == (9, 11)
    await audited(url)


async def test_nobody_is_told_of_a_loss_while_many_commit_and_follow(
    postgres: Cluster, shop: str
) -> None:
    made = [Machine(patient_config(postgres.url(shop))) for _ in range(3)]

    async def follow(machine: Machine) -> None:
        after = 0
        while after < 300:
            await machine.committed_beyond(after)
            after = (await machine.records(after, 7))[-1].sequence

    async with machines(*made):
        async with asyncio.TaskGroup() as tasks:
            for machine in made:
                for _ in range(2):
                    tasks.create_task(follow(machine))
                for _ in range(4):
                    tasks.create_task(commit(machine, 25))
        assert [it.status().sequence for it in made] == [300] * 3
