"""How long there was no order: what other processes were told counts, and what lay about does not.

That an attempt is given up is allowed only where the platform has said "none" all the time.
"""

import asyncio

import pytest

from surestock.cart.model import Checkout
from surestock.checkout import resolution
from surestock.checkout.resolution import NOT_FOUND, Absences
from surestock.commerce.errors import Unavailable
from tests.checkout.process import Process
from tests.checkout.row import Row, has_ended
from tests.checkout.shop import TestShop
from tests.mirror.shop import on_virtual_time

SETTLES_S = 30.0


async def two_with_a_lost_order() -> tuple[TestShop, TestShop]:
    """Return two desks over one engine. The first has lost an order on its way; both were told."""
    first = TestShop()
    await first.stock_up()
    await first.fill()
    first.provider.script.lose_request()
    async with first.at_work():
        assert (await first.buy(key="k-1")).status == "unknown"
    second = TestShop(first.engine, first.provider.shop, first.clock)
    await second.desk.recovery.ask("ann")
    return first, second


async def another_answer_in_between() -> None:
    """Let the first desk hear nothing for once, and "none" again, while the second one counts."""
    first, second = await two_with_a_lost_order()
    first.advance(20.0)
    first.provider.script.fail("find_order", lambda: Unavailable("away"))
    await first.desk.recovery.ask("ann")
    first.advance(1.0)
    await first.desk.recovery.ask("ann")
    first.advance(11.0)
    await second.desk.recovery.ask("ann")
    assert (await second.checkout()).status == "unknown", "12 s of none were taken for 32"
    second.advance(SETTLES_S + 1.0)
    await second.desk.recovery.ask("ann")
    assert (await second.checkout()).status == "failed"


async def test_what_another_process_was_told_meanwhile_begins_the_count_again() -> None:
    await another_answer_in_between()


async def test_a_record_that_reads_the_same_after_another_answer_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolution, "_none_since", lambda *_: NOT_FOUND)
    with pytest.raises(AssertionError, match="were taken for"):
        await another_answer_in_between()


async def test_two_that_were_told_none_all_the_time_do_not_hold_each_other_up() -> None:
    first, second = await two_with_a_lost_order()
    why = (await first.checkout()).why_unknown
    assert why is not None
    assert why.startswith(f"{NOT_FOUND} It has said so since 2026-01-01T")
    for _ in range(3):
        first.advance(9.0)
        for shop in (first, second):
            await shop.desk.recovery.ask("ann")
            assert (await shop.checkout()).why_unknown == why
    first.advance(4.0)
    await second.desk.recovery.ask("ann")
    assert (await second.checkout()).status == "failed"
    assert (await second.checkout()).absent


async def test_nothing_is_kept_of_what_another_process_ended() -> None:
    first, second = await two_with_a_lost_order()
    first.advance(SETTLES_S + 2.0)
    await first.desk.recovery.ask("ann")
    assert (await second.checkout()).status == "failed"
    await second.desk.recovery.ask("ann")
    for shop in (first, second):
        assert len(shop.desk._absences) == 0  # noqa: SLF001 - nobody else is told


async def an_answer_that_lies_about() -> None:
    """Stand still with an early "none" in hand, until the platform has made the order."""
    asked = 0

    def stands_still(process: Process, gate: str) -> None:
        nonlocal asked
        asked += gate.startswith("after find_order")
        if asked == 3:
            asked += 1
            process.stop()
            asyncio.get_running_loop().call_later(200.0, process.go_on)

    row = Row(stands_still, processes=1)
    async with row.open():
        row.last.shop.provider.script.accept_late(seconds=20.0)
        await row.last.ask(lambda: row.last.shop.buy(key="k-1"))
        await row.until(has_ended)
        assert asked > 4
        assert (await row.last.shop.checkout()).status == "completed"
        await row.check(bought=True)


def test_an_answer_that_lay_about_while_its_process_stood_still_ends_nothing() -> None:
    on_virtual_time(an_answer_that_lies_about)


def test_a_count_up_to_the_answer_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Absences.none_found

    def none_found(self: Absences, checkout: Checkout, _: float) -> float:
        return counts(self, checkout, self._monotonic())

    monkeypatch.setattr(Absences, "none_found", none_found)
    with pytest.raises(AssertionError):
        on_virtual_time(an_answer_that_lies_about)
