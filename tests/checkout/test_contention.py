"""Another process is changing the same: who asks is told so; what was begun is recorded later."""

import asyncio
from datetime import timedelta

import pytest

from surestock.cart.commands import BeginCheckout
from surestock.checkout import shop as shop_module
from surestock.checkout.config import CheckoutConfig
from surestock.checkout.reaper import Reaper
from surestock.engine.memory import MemoryEngine
from surestock.inventory.unavailable import LockHeld, LockLost
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from surestock.mirror.config import MirrorConfig
from surestock.mirror.mirrors import Mirrors
from surestock.mirror.patience import patiently
from surestock.mirror.tending import Tending
from tests.checkout.row import Row
from tests.checkout.shop import TestShop
from tests.mirror.shop import on_virtual_time


class Contended(MemoryEngine):
    """Another process is changing the same, each time when this one comes first."""

    def __init__(self, clock: ManualClock, times: int) -> None:
        super().__init__(clock, IdSource(), timedelta(hours=24))
        self._times = times
        self.spared: set[type] = set()
        self.refused = 0
        self._left: dict[type, int] = {}
        self.is_contended = False

    async def transact(self, envelope: Envelope) -> Outcome:
        kind = type(envelope.command)
        left = self._left.setdefault(kind, self._times)
        if self.is_contended and left and kind not in self.spared:
            self._left[kind] = left - 1
            self.refused += 1
            raise LockLost("online/phone") if left % 2 else LockHeld("online/phone", "other", 1)
        return await super().transact(envelope)


async def contended(times: int) -> tuple[TestShop, Contended]:
    """Return a shop in which each kind of command meets another process's lease so many times."""
    clock = ManualClock()
    engine = Contended(clock, times)
    shop = TestShop(engine, clock=clock)
    await shop.stock_up()
    await shop.fill()
    engine.is_contended = True
    return shop, engine


async def bought_in_spite_of_it() -> None:
    """Buy where each record of a checkout but its first is refused some times."""
    shop, engine = await contended(times=4)
    engine.spared = {BeginCheckout}
    async with shop.at_work():
        assert (await shop.buy(key="k-1")).status == "completed"
    assert engine.refused == 12
    assert shop.orders == 1
    assert await shop.cart() is None


async def test_what_was_begun_is_recorded_as_soon_as_the_other_process_lets_go() -> None:
    await bought_in_spite_of_it()


async def test_a_saga_that_gives_up_at_a_lease_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def once(record: object, _: object) -> object:
        return await record()  # type: ignore[operator]

    monkeypatch.setattr(shop_module, "patiently", once)
    with pytest.raises(ExceptionGroup) as caught:
        await bought_in_spite_of_it()
    assert caught.group_contains(AssertionError)


async def test_who_asks_for_a_checkout_is_told_at_once_and_nothing_was_bought() -> None:
    shop, _ = await contended(times=2)
    async with shop.at_work():
        await shop.refused(LockHeld)
        await shop.refused(LockLost)
        assert shop.orders == 0
        assert (await shop.level()).reserved == 0
        assert (await shop.buy()).status == "completed"


async def test_patience_has_an_end() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def record() -> None:
        raise LockHeld("online/phone", "other", 1)

    with pytest.raises(LockHeld):
        await patiently(record, sleep)
    assert len(waits) == 40
    assert max(waits) <= 0.2


async def look_at_one_and_sweep_at_another() -> None:
    """Look at a cart at one process alone, for longer than idle ones are kept, while all sweep."""
    checkout = CheckoutConfig(reap_s=60.0, idle_s=1800.0)
    row = Row(checkout=checkout, mirror=MirrorConfig(tell_looks_s=300.0))
    async with row.open():
        for _ in range(90):
            row.processes[0].shop.mirrors.seen("ann")
            await asyncio.sleep(60.0)
        assert await row.last.shop.cart() is not None, "a cart that was looked at was dropped"
        await asyncio.sleep(1800.0 + 2 * 300.0 + 2 * 60.0)
        assert await row.last.shop.cart() is None


def test_a_cart_that_is_looked_at_elsewhere_is_not_idle_and_later_it_is() -> None:
    on_virtual_time(look_at_one_and_sweep_at_another)


def test_looks_that_are_told_to_nobody_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tending, "has_look_to_tell", lambda *_: False)
    monkeypatch.setattr(Mirrors, "untold_s", 0.0)
    with pytest.raises(AssertionError, match="was dropped"):
        on_virtual_time(look_at_one_and_sweep_at_another)


def test_sweeps_of_all_processes_at_once_do_no_harm() -> None:
    async def story() -> None:
        checkout = CheckoutConfig(reap_s=30.0, idle_s=600.0)
        row = Row(checkout=checkout, mirror=MirrorConfig(tell_looks_s=60.0))
        async with row.open():
            await asyncio.sleep(590.0)
            drops = [Reaper(it.shop.shop, it.shop.desk.recovery) for it in row.processes]
            await asyncio.sleep(200.0)
            await asyncio.gather(*(reaper.sweep() for reaper in drops))
            assert await row.last.shop.cart() is None
            figures = [it.shop.shop.figures.dropped_carts for it in row.processes]
            assert sum(figures) == 1

    on_virtual_time(story)
