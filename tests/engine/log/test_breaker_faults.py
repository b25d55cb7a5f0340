"""Writes that fail, fall short and take their time, at random, under clients that come again.

Whatever happens: no level goes below zero, versions count one by one, what was acknowledged is on
record once, and what was refused for good is not.
"""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from surestock.engine.log import LogConfig, LogEngine
from surestock.inventory.commands import Command
from surestock.inventory.unavailable import ReadOnly
from surestock.journal.append import AppendConfig
from surestock.kit.clock import SystemClock
from surestock.kit.errors import Refusal
from surestock.kit.ids import IdSource
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record
from surestock.resilience.breaker import BreakerConfig
from tests.engine.log.ailing import kept, until_it_is
from tests.engine.log.bench import adjust, count, reserve, sent
from tests.engine.log.test_group_commit import answer_of
from tests.faults.plan import Fault, Plan
from tests.journal.logs import unsynced

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

SKUS = ("apple", "pear", "fig")
_CLIENTS = 6
_COMMANDS = 12
_TRIES = 6
FAULTS = (
    Fault("journal.write", "error", 0.25),
    Fault("journal.write", "short", 0.25),
    Fault("journal.truncate", "error", 0.2),
    Fault("journal.segment.create", "error", 0.2),
    Fault("journal.segment.write", "error", 0.2),
    Fault("journal.segment.write", "short", 0.2),
    Fault("journal.probe.write", "error", 0.3),
    Fault("journal.probe.fdatasync", "error", 0.3, errno=5),
    Fault("journal.fdatasync", "delay", 0.3, seconds=0.001),
)


@dataclass
class Told:
    """What the clients were told, by idempotency key."""

    commands: dict[str, Command] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)


def config(directory: Path) -> LogConfig:
    return LogConfig(
        directory,
        AppendConfig(segment_records=7, retry_times=1, retry_base_s=0.0),
        breaker=BreakerConfig(threshold=2, cooldown_s=0.001),
    )


async def client(engine: LogEngine, name: str, dice: random.Random, told: Told) -> None:
    """Send commands; come again with the same key while they are not taken on, a few times."""
    for number in range(_COMMANDS):
        key, sku = f"{name}-{number}", dice.choice(SKUS)
        command = dice.choice((adjust(dice.randint(-4, 4) or 1, sku), reserve(1, sku, 60)))
        told.commands[key] = command
        for _ in range(_TRIES):
            answer = await answer_of(engine.transact(sent(command, key)))
            if isinstance(answer, Outcome):
                told.done[key] = answer.sequence
            elif isinstance(answer, Refusal):
                told.refused.add(key)
            else:
                assert isinstance(answer, ReadOnly), repr(answer)
                await asyncio.sleep(0.001 * dice.random())
                continue
            break
        else:
            told.given_up.add(key)


def audit(records: list[Record], told: Told) -> None:
    """Raise ``AssertionError`` when the log is not what the clients were told."""
    assert [it.sequence for it in records] == list(range(1, len(records) + 1))
    versions: dict[str, int] = {}
    for record in records:
        for level in record.levels:
            assert level.version == versions.get(level.sku, 0) + 1, "a version was left out"
            assert 0 <= level.reserved <= level.on_hand, "a level is not sound"
            versions[level.sku] = level.version
    keys = [it.idempotency.key for it in records if it.idempotency is not None]
    assert len(keys) == len(set(keys)), "a command was carried out twice"
    on_record = {it.idempotency.key: it.sequence for it in records if it.idempotency is not None}
    assert told.done == on_record, "what was acknowledged is not what is on record"


async def campaign(directory: Path, seed: int) -> tuple[Plan, Told, int]:
    """One log under faults; return the plan, what the clients were told, and the openings."""
    plan, told = Plan(seed, FAULTS), Told()
    engine = LogEngine(config(directory), SystemClock(), IdSource())
    await engine.start()
    for sku in SKUS:
        told.done[f"open-{sku}"] = (
            await engine.transact(sent(count(30, sku), f"open-{sku}"))
        ).sequence
    async with kept(engine):
        with plan.armed():
            async with asyncio.TaskGroup() as clients:
                for number in range(_CLIENTS):
                    dice = random.Random(f"{seed}/{number}")
                    clients.create_task(client(engine, f"c{number}", dice, told))
        await until_it_is(engine, "closed")
        for key, command in told.commands.items():
            if key in told.done:
                again = await engine.transact(sent(command, key))
                assert (again.replayed, again.sequence) == (True, told.done[key])
        last = await engine.transact(sent(adjust(1), "after"))
        told.done["after"] = last.sequence
    openings = engine._core.health._breaker.openings  # noqa: SLF001 - what the seed brought about
    await engine.close()
    return plan, told, openings


async def recovered(directory: Path) -> list[Record]:
    """Start again, without faults; return the records."""
    engine = LogEngine(config(directory), SystemClock(), IdSource())
    await engine.start()
    records = await engine.records(0, 10_000)
    await engine.close()
    assert not list(directory.glob("*.torn")), "something was left behind the end"
    return records


@pytest.fixture(autouse=True)
def quick_disk() -> Iterator[None]:
    """No power cut is tried here, so nobody waits for the disk."""
    with unsynced():
        yield


@pytest.mark.parametrize(
    "seeds", [range(40), pytest.param(range(40, 300), marks=[pytest.mark.prove])]
)
async def test_random_faults_lose_nothing_and_double_nothing(tmp_path: Path, seeds: range) -> None:
    happened: dict[tuple[str, str], int] = {}
    openings = given_up = acknowledged = 0
    for seed in seeds:
        directory = tmp_path / str(seed)
        plan, told, opened = await campaign(directory, seed)
        audit(await recovered(directory), told)
        openings += opened
        given_up += len(told.given_up)
        acknowledged += len(told.done)
        for what, times in plan.happened.items():
            happened[what] = happened.get(what, 0) + times
    print(f"{len(seeds)} seeds: {sum(happened.values())} faults, {openings} openings,")
    print(f"{acknowledged} acknowledged, {given_up} given up; lost 0, doubled 0")
    # The attack was one: every kind of fault happened, and it opened and gave way.
    assert {(fault.point, fault.kind) for fault in FAULTS} <= set(happened)
    assert openings > len(seeds)
    assert given_up > 0


async def test_the_audit_catches_a_refusal_that_was_carried_out_and_a_loss(tmp_path: Path) -> None:
    _, told, _ = await campaign(tmp_path, 1)
    records = await recovered(tmp_path)
    audit(records, told)
    for key in list(told.done)[:2]:
        sequence = told.done.pop(key)
        with pytest.raises(AssertionError, match="what was acknowledged"):
            audit(records, told)
        told.done[key] = sequence
    with pytest.raises(AssertionError, match="what was acknowledged"):
        audit(records[:-1], told)
