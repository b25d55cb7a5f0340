"""Starting where others are, or were: on what a dead one began, on a page of another time."""

from pathlib import Path

import pytest

from surestock.inventory.unavailable import ReadOnly
from surestock.kit.clock import ManualClock
from tests.engine.log.bench import adjust, count, sent
from tests.engine.shared.house import Player, config_in, doomed, keep_up

PEAR = ("s1", "apple")


async def test_a_segment_that_a_dead_one_began_stops_nobody_from_starting(tmp_path: Path) -> None:
    """The segments before it are sealed by its name, so they may be in a snapshot, and archived."""
    clock, config = ManualClock(), config_in(tmp_path)
    with doomed() as doom:
        first = Player(config, clock)
        await first.start()
        await first.transact(sent(count(100)))
        for _ in range(11):
            await first.transact(sent(adjust(-1)))
        doom.arm("journal.write")
        with pytest.raises(ReadOnly):
            await first.transact(sent(adjust(-1)))
        await first.bury()
    keep_up(config, clock)
    second = Player(config, clock)
    await second.start()
    assert (await second.transact(sent(adjust(-1)))).sequence == 13
    assert [it.sequence for it in await second.records(0, 100)] == list(range(1, 14))
    await second.bury()
