"""Any schedule over several members on one log: its records explain whatever anybody saw.

Figures: schedules, commands, accepted ones, reads, deaths by step. See ``verdict`` for what is
asserted of each.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.engine.log.shared import following, reading
from tests.engine.shared.house import Doom, doomed
from tests.engine.shared.schedule import Schedule
from tests.engine.shared.verdict import Tally, check_members


@pytest.fixture
def doom() -> Iterator[Doom]:
    with doomed() as doom:
        yield doom


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync nothing: members die here, machines do not."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda _fd: None)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow line by line, with a turn for others behind each record: there one may give up."""
    monkeypatch.setattr(following, "_RECORDS_A_TURN", 1)
    monkeypatch.setattr(reading, "_MOST_BYTES", 1)


async def play(root: Path, seed: int, doom: Doom, steps: int) -> Tally:
    root = root / str(seed)
    schedule = Schedule(root, seed, doom, 3 + seed % 2, steps)
    try:
        await schedule.run()
        records = await check_members(root, list(schedule.members))
        schedule.seen.check(records)
        schedule.tally.records = len(records)
    finally:
        doom.disarm()
        await schedule.end()
    return schedule.tally


async def played(root: Path, seeds: range, doom: Doom, steps: int) -> None:
    tally = Tally()
    for seed in seeds:
        tally.add(await play(root, seed, doom, steps))
    print(f"{len(seeds)} schedules: {tally}; deaths {doom.deaths}")
    assert tally.accepted > 0
    assert doom.deaths


@pytest.mark.usefixtures("quick_disk", "small_steps")
async def test_some_schedules(tmp_path: Path, doom: Doom) -> None:
    await played(tmp_path, range(8), doom, 150)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("quick_disk", "small_steps")
async def test_very_many_schedules(tmp_path: Path, doom: Doom) -> None:
    first, count = (int(os.environ.get(name, "1000")) for name in ("FIRST_SEED", "SCHEDULES"))
    await played(tmp_path, range(first, first + count), doom, 300)
