"""A process loses its turn at any call of a checkout, and others go on: one order is placed."""

import asyncio

import pytest
from msgspec.structs import replace

from surestock.cart.model import Checkout
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.config import CheckoutConfig
from surestock.commerce.providers.simulated.script import Script
from tests.checkout.process import BEFORE_PLACING, Process
from tests.checkout.row import CHECKOUT, Row, clicks, has_ended, session_locks
from tests.checkout.test_gates import Scene, at_every_gate
from tests.checkout.test_storm_of_processes import has_trust
from tests.mirror.kernel import SessionLocks
from tests.mirror.shop import on_virtual_time


def stands_still_and_loses(process: Process) -> None:
    """Stop for longer than it takes the platform to be sure, with no turn any more."""
    process.stop()
    process.lose_turns()
    asyncio.get_running_loop().call_later(70.0, process.go_on)


def loses_the_answer(script: Script) -> None:
    """Let the platform place, and not tell."""
    script.lose_answer()


SCENES = (
    Scene("it loses its turn", Process.lose_turns),
    Scene("it loses its turn, and the answer is lost", Process.lose_turns, loses_the_answer),
    Scene("it stands still, and loses its turn", stands_still_and_loses),
    Scene("it stands still, and all is lost", stands_still_and_loses, loses_the_answer),
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_at_every_gate_there_is_one_order_and_all_keys_tell_of_it(scene: Scene) -> None:
    gates, longest_s = at_every_gate(scene, session_locks)
    assert gates >= 16
    print(f"{scene.name}: {gates} gates, ended within {longest_s:.1f} s, more than one order: 0")


def test_turns_of_which_nobody_makes_sure_are_caught() -> None:
    caught = 0
    for scene in SCENES:
        try:
            at_every_gate(scene, has_trust)
        except (AssertionError, TimeoutError) as error:
            print(error)
            caught += 1
    assert caught


async def lost_before_placing(row: Row) -> CheckoutEnd | None:
    """Let the turn be lost after the order was announced; return what who asked is told."""
    async with row.open():
        first = row.processes[0]
        asked = clicks(first, "k-1")
        await asyncio.sleep(60.0)
        assert first.shop.provider.script.calls.get("place_order", 0) == 0
        await row.until(has_ended)
        await row.check(bought=False)
        return await asked


def test_who_finds_its_turn_lost_before_it_places_tells_that_there_is_no_end_yet() -> None:
    def loses(process: Process, gate: str) -> None:
        if gate == "after transact BeginPlacing":
            process.lose_turns()

    end = on_virtual_time(lambda: lost_before_placing(Row(loses, session_locks)))
    assert end == CheckoutEnd("in_progress")


async def lies_about(leaves_s: float) -> Checkout:
    """Let a request leave late after its turn was sure, and lost, and its order turn up late.

    The process dies meanwhile, so that nobody records that there was no answer.
    """

    def stops(process: Process, gate: str) -> None:
        if gate == BEFORE_PLACING:
            assert isinstance(process.locks, SessionLocks)
            process.stop()
            process.locks.lose()
            loop = asyncio.get_running_loop()
            loop.call_later(14.0, process.go_on)
            loop.call_later(14.01, process.die)

    config: CheckoutConfig = replace(CHECKOUT, ask_s=1.0, ask_most_s=2.0, leaves_s=leaves_s)
    row = Row(stops, session_locks, config)
    async with row.open():
        first = row.processes[0]
        first.shop.provider.script.accept_late(seconds=29.0)
        asked = clicks(first, "k-1")
        await row.until(has_ended)
        ended = await row.last.shop.checkout()
        await asyncio.gather(asked, return_exceptions=True)
        return ended


def test_what_lay_about_in_a_process_after_it_was_sure_is_waited_for() -> None:
    assert on_virtual_time(lambda: lies_about(15.0)).status == "completed"


def test_an_absence_that_leaves_no_time_for_that_is_caught() -> None:
    assert on_virtual_time(lambda: lies_about(0.0)).status == "failed"
