"""No member shows the end of a reservation that another one has decided in time to let go on."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from surestock.inventory.commands import CommitReservation, ExtendReservation
from surestock.kit.clock import ManualClock
from surestock.ledger.command import Command
from tests.engine.log.bench import Disk, count, reserve, sent
from tests.engine.shared.house import Player, config_in, is_decided

APPLE = ("s1", "apple")


class LeapingClock(ManualClock):
    """Leaps by a second when it is looked at for the ``at``-th time from now on."""

    leaps_at = 0
    source: ManualClock

    def now(self) -> datetime:
        """Return the time of the clock that it is drawn from."""
        self.leaps_at -= 1
        if self.leaps_at == 0:
            self.source.advance(1)
        return self.source.now()

    def monotonic(self) -> float:
        """Return the same."""
        return self.source.monotonic()


@pytest.mark.parametrize("look", range(1, 8))
@pytest.mark.parametrize("how", ["extend", "commit"])
async def test_the_time_comes_between_any_two_looks_at_the_clock(
    tmp_path: Path, look: int, how: str
) -> None:
    """A line of another reservation is over already, so the reader has something to ask for."""
    clock = ManualClock()
    reader_clock = LeapingClock()
    reader_clock.source = clock
    config = config_in(tmp_path)
    one, other = Player(config, clock), Player(config, reader_clock)
    await one.start()
    await other.start()
    await one.transact(sent(count(20)))
    if look % 2:
        await one.transact(sent(reserve(1, ttl_s=1)))
    held = (await one.transact(sent(reserve(4, ttl_s=3)))).reply.reservation_id
    assert held is not None
    await other.find_level(APPLE)
    clock.advance(2.5)
    goes_on: Command = ExtendReservation(held, 100)
    if how == "commit":
        goes_on = CommitReservation(held)
    disk = Disk()
    disk.hold()
    loop = asyncio.get_running_loop()
    deciding = loop.create_task(one.transact(sent(goes_on)))
    await is_decided(one)
    reader_clock.leaps_at = look
    reading = loop.create_task(other.find_level(APPLE))
    listing = loop.create_task(other.list_levels("s1", "", 10))
    finding = loop.create_task(other.find_reservation(held))
    await asyncio.wait([listing], timeout=0.1)
    reader_clock.leaps_at = look
    await asyncio.sleep(0.02)
    disk.let_go()
    await deciding
    [listed] = await listing
    shown = {(it.on_hand, it.reserved) for it in (await reading, listed) if it is not None}
    assert shown <= {(20, 4), (20, 5), (16, 0)}
    reservation = await finding
    assert reservation is not None
    assert reservation.status in {"active", "committed"}
    await one.bury()
    await other.bury()
