"""Several processes, each with a desk: what one is at, all others wait for, and tell of alike."""

import asyncio
from collections.abc import Awaitable

import pytest

from surestock.cart.model import Order
from surestock.checkout.ask import PersonsWord
from surestock.checkout.errors import CheckoutFailed
from surestock.checkout.recovery import Recovery
from surestock.checkout.standing import Standing
from surestock.commerce.errors import Unavailable
from surestock.idempotency import IdempotencyConflict
from surestock.inventory.refusals import NotFound
from tests.checkout.row import Row, clicks, has_ended, played


def test_a_double_click_on_three_processes_is_one_order_and_one_answer_for_good() -> None:
    async def story(row: Row) -> None:
        gate = row.processes[0].shop.provider.script.hold("place_order")
        asked = [clicks(row.processes[0], "k-0")]
        await asyncio.sleep(1.0)
        asked += [clicks(it, f"k-{n}") for n, it in enumerate(row.processes * 2)]
        await asyncio.sleep(1.0)
        gate.set()
        ends = await asyncio.gather(*asked)
        assert len({bytes(end.body or b"") for end in ends}) == 1
        assert [end.replayed for end in ends] == [False, *[True] * 6]
        await row.last.shop.fill()
        for number in range(6):
            # Each key at another process than before, when there is another cart.
            again = await clicks(row.processes[(number + 1) % 3], f"k-{number}")
            assert again.body == ends[0].body
        await row.check(bought=True)

    played(story)


def test_who_waits_for_another_process_too_long_is_told_where_to_ask_and_in_the_end_the_end() -> (
    None
):
    async def story(row: Row) -> None:
        first, second, _ = row.processes
        gate = first.shop.provider.script.hold("place_order")
        asked = clicks(first, "k-1")
        await asyncio.sleep(1.0)
        began = row.clock.monotonic()
        for key in ("k-1", "k-2"):
            told = await clicks(second, key)
            assert (told.status, told.body) == ("in_progress", None)
        assert 10.0 <= row.clock.monotonic() - began <= 10.2
        gate.set()
        assert (await asked).status == "in_progress"
        await row.until(has_ended)
        bodies = {bytes((await clicks(second, key)).body or b"") for key in ("k-1", "k-2")}
        assert len(bodies) == 1
        await row.check(bought=True)

    played(story)


async def declined_elsewhere(row: Row) -> None:
    """Let a payment be declined at one process while somebody waits at another."""
    first, second, third = row.processes
    gate = first.shop.provider.script.hold("place_order")
    asked = clicks(first, "k-1", "declined")
    await asyncio.sleep(1.0)
    waits = [clicks(second, "k-2"), clicks(second, "k-3"), clicks(third)]
    await asyncio.sleep(1.0)
    gate.set()
    ends = await asyncio.gather(asked, *waits, return_exceptions=True)
    failures = [end.failure.code for end in ends if isinstance(end, CheckoutFailed)]
    assert failures == ["PaymentDeclined"] * 4, ends
    assert [end.replayed for end in ends if isinstance(end, CheckoutFailed)] == [False] + [True] * 3
    with pytest.raises(CheckoutFailed) as again:
        await clicks(third, "k-2")
    assert again.value.replayed
    await row.check(bought=False)
    assert (await clicks(third, "k-4")).status == "completed"


def test_who_waited_for_a_checkout_that_failed_is_told_so_and_buys_nothing_by_it() -> None:
    played(declined_elsewhere)


def test_a_desk_that_buys_for_whoever_has_waited_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standing, "is_before_end_of", lambda *_: False)
    with pytest.raises(AssertionError):
        played(declined_elsewhere)


def test_who_asked_for_a_cart_that_is_gone_by_his_turn_does_not_buy_the_next_one() -> None:
    async def story(row: Row) -> None:
        first, second, _ = row.processes
        kept = row.kernel.locks()
        assert await kept.try_lock("ann")
        waits = clicks(second, "k-2")
        await asyncio.sleep(1.0)
        kept.unlock("ann")
        second.stop()
        await asyncio.sleep(1.0)
        for number in range(2):
            assert (await clicks(first, f"k-first-{number}")).status == "completed"
            await row.last.shop.fill()
        second.go_on()
        with pytest.raises(NotFound):
            await waits
        assert row.last.shop.orders == 2

    played(story)


def test_the_same_key_with_another_payload_is_a_conflict_at_every_process() -> None:
    async def story(row: Row) -> None:
        first, second, _ = row.processes
        gate = first.shop.provider.script.hold("place_order")
        asked = clicks(first, "k-1")
        await asyncio.sleep(1.0)
        with pytest.raises(IdempotencyConflict):
            await clicks(second, "k-1", "card")
        gate.set()
        await asked
        await row.check(bought=True)

    played(story)


async def left_behind(row: Row) -> float:
    """Let a process die while it places an order; return when others have brought it to its end."""
    first = row.processes[0]
    first.shop.provider.script.hold("place_order")
    clicks(first, "k-1")
    await asyncio.sleep(1.0)
    first.die()
    return await row.until(has_ended, 120.0)


def test_what_a_dead_process_left_is_found_by_the_others_without_a_start() -> None:
    async def story(row: Row) -> None:
        took_s = await left_behind(row)
        assert took_s <= 30.0 + 3 * 5.0
        assert (await row.last.shop.checkout()).status == "failed"
        await row.check(bought=False)
        print(f"ended {took_s:.1f} s after the death, of which the platform is asked for 30 s")

    played(story)


def test_a_recovery_that_looks_only_at_its_start_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Recovery) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Recovery, "_look_around", never)
    with pytest.raises(TimeoutError):
        played(lambda row: _of_none(left_behind(row)))


async def _of_none(work: Awaitable[object]) -> None:
    await work


def test_a_checkout_that_another_process_works_on_is_not_taken_for_left() -> None:
    async def story(row: Row) -> None:
        first = row.processes[0]
        gate = first.shop.provider.script.hold("place_order")
        asked = clicks(first, "k-1")
        await asyncio.sleep(200.0)
        for process in row.processes[1:]:
            assert "find_order" not in process.shop.provider.script.calls
        assert (await row.last.shop.checkout()).status == "in_progress"
        gate.set()
        await asked
        await row.until(has_ended)
        await row.check(bought=True)

    played(story)


def test_a_key_that_waited_elsewhere_is_answered_soon_after_the_end_also_for_another_cart() -> None:
    async def story(row: Row) -> None:
        first, second, third = row.processes
        for process in row.processes:
            process.shop.provider.script.fail("find_order", lambda: Unavailable("away"), times=20)
        first.shop.provider.script.lose_answer()
        assert (await clicks(first, "k-1")).status == "unknown"
        assert (await clicks(second, "k-2")).status == "unknown"
        checkout = await row.last.shop.checkout()
        order = Order("o-1", "S1", 51899, "EUR")
        word = PersonsWord("ann", checkout.attempt.attempt_id, order, "seen", "boss", "r-1")
        end = await third.ask(lambda: third.shop.desk.resolve(word))
        await asyncio.sleep(12.0)
        assert len(second.shop.desk.joined) == 0
        await row.last.shop.fill()
        for process in row.processes:
            assert (await clicks(process, "k-2")).body == end.body

    played(story)
