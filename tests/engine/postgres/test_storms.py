"""Several machines on one database in a storm: its records explain whatever anybody was told.

Figures: storms, answers by kind, records, blows by name, the slowest answer. See ``verdict`` for
what is asserted of each; then the database is audited, and nothing may be left behind.
"""

import asyncio
import os
from collections import Counter
from contextlib import ExitStack

import pytest

from surestock.ledger.history import explain
from surestock.ledger.record import Record
from tests.engine.postgres.arena import (
    Machine,
    audited,
    machines,
    migrated_database,
    patient_config,
    until_none_is_left,
)
from tests.engine.postgres.storm import MOST_S, Storm
from tests.real.postgres import Cluster
from tests.real.proxy import proxy_to

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries


async def weathered(cluster: Cluster, seed: int, steps: int, **chances: float) -> Storm:
    """Play a storm and judge it."""
    shop = await migrated_database(cluster)
    with ExitStack() as stack:
        stack.callback(cluster.drop_database, shop)
        stack.callback(cluster.thaw)
        proxies = [stack.enter_context(proxy_to(cluster.port)) for _ in range(2)]
        storm = Storm(cluster, shop, proxies, seed, steps)
        tasks = asyncio.all_tasks()
        try:
            await storm.run(**chances)
        finally:
            await storm.end()
        await until_none_is_left(tasks)
        audit = await audited(cluster.url(shop))
        records = await _records(cluster, shop)
        assert len(records) == audit.sequence
        storm.seen.check(records, one_clock=storm.one_clock)
        assert storm.slowest_s < MOST_S, f"an answer took {storm.slowest_s:.1f} s"
    return storm


async def _records(cluster: Cluster, shop: str) -> list[Record]:
    """Read all records, from a machine that was in no storm."""
    async with machines(Machine(patient_config(cluster.url(shop)))) as (quiet,):
        records = await quiet.records(0, 1_000_000)
        for key in {level.key for record in records for level in record.levels}:
            told = await quiet.history(key, 0, len(records))
            assert told == [entry for record in records for entry in explain(record, key)]
    return records


async def played(cluster: Cluster, seeds: range, steps: int, **chances: float) -> None:
    answers: Counter[str] = Counter()
    blows: Counter[str] = Counter()
    slowest_s = 0.0
    for seed in seeds:
        storm = await weathered(cluster, seed, steps, **chances)
        answers += storm.seen.kinds()
        blows += storm.blows.dealt
        slowest_s = max(slowest_s, storm.slowest_s)
    print(f"{len(seeds)} storms: {dict(answers)}; {dict(blows)}; slowest {slowest_s:.1f} s")
    assert answers["Outcome"] > len(seeds) * steps // 10


async def test_machines_in_each_others_way(postgres: Cluster) -> None:
    await played(postgres, range(4), 500, commits=0.0, blows=0.0)


async def test_some_storms(postgres: Cluster) -> None:
    await played(postgres, range(2), 700)


@pytest.mark.prove
@pytest.mark.timeout(7200)
async def test_very_many_storms(postgres: Cluster) -> None:
    first, count = (int(os.environ.get(name, "100")) for name in ("FIRST_SEED", "STORMS"))
    await played(postgres, range(first, first + count), 1500)
