"""A process dies, or stands still, at any call of a checkout; others are asked for the same."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec import Struct

from surestock.cart.commands import AddItem
from surestock.checkout.ask import CheckoutEnd
from surestock.commerce.providers.simulated.script import Script
from surestock.kit.errors import SurestockError
from tests.checkout.process import ConnectionLost, Process
from tests.checkout.row import AtGate, MakeLocks, Row, has_ended, kernel_locks
from tests.checkout.shop import PLAN
from tests.mirror.kernel import Kernel, KernelLocks, Leases, NoLocks
from tests.mirror.shop import LoopClock, on_virtual_time

# It does much, and the machine may have much else to do.
pytestmark = pytest.mark.timeout(600)


class Scene(Struct, frozen=True):
    """What the platform does to the first process, and what becomes of that at a gate."""

    name: str
    happens: Callable[[Process], object]
    plan: Callable[[Script], object] = lambda _: None


def stands_still(process: Process) -> None:
    """Stop, for longer than it takes the platform to be sure, and go on then."""
    process.stop()
    asyncio.get_running_loop().call_later(70.0, process.go_on)


SCENES = (
    Scene("it dies", Process.die),
    Scene("it dies, and the answer is lost", Process.die, lambda script: script.lose_answer()),
    Scene("it dies, and the order is late", Process.die, lambda it: it.accept_late(seconds=20)),
    Scene("it stands still", stands_still),
    Scene("it stands still, and the answer is lost", stands_still, lambda it: it.lose_answer()),
)


async def click(process: Process, key: str) -> CheckoutEnd | Exception:
    """Buy as ann; return the end, or why there is none."""
    try:
        return await process.ask(lambda: process.shop.buy(key=key))
    except (SurestockError, ConnectionLost) as error:
        return error


async def play(scene: Scene, at: int, make_locks: MakeLocks) -> tuple[list[str], float]:
    """Let it happen at a gate; return the gates that were passed, and the seconds to the end."""
    gates = AtGate(at, scene.happens)
    row = Row(gates, make_locks)
    async with row.open():
        first, second, third = row.processes
        scene.plan(first.shop.provider.script)
        await row.last.shop.do(AddItem("ann", PLAN, 1))
        with gates.counting():
            clicks = [asyncio.ensure_future(click(first, "k-1"))]
            await asyncio.sleep(0.12)
            clicks += [asyncio.ensure_future(click(second, key)) for key in ("k-1", "k-2")]
            clicks.append(asyncio.ensure_future(click(third, "k-3")))
            took_s = await row.until(has_ended)
            await asyncio.gather(*clicks)
        assert row.last.shop.orders <= 1
        await asyncio.sleep(80.0)  # until whoever stood still goes on, and has done all he meant
        told = [await until_bought(row.last, key) for key in ("k-1", "k-2", "k-3")]
        assert len(set(told)) == 1, told
        await row.check(bought=True)
        await row.last.shop.fill()  # another cart, of which nobody has asked for anything
        assert [await until_bought(row.last, key) for key in ("k-1", "k-2", "k-3")] == told
        await row.check(bought=True)
    return gates.passed, took_s


async def until_bought(process: Process, key: str) -> bytes:
    """Send the same again, as clients do, until there is an order; return what it is told as."""
    async with asyncio.timeout(300.0):
        while True:
            told = await click(process, key)
            if isinstance(told, CheckoutEnd) and told.body is not None:
                return bytes(told.body)
            await asyncio.sleep(2.0)


def at_every_gate(scene: Scene, make_locks: MakeLocks = kernel_locks) -> tuple[int, float]:
    """Let it happen at each gate in turn; return how many there are, and the longest time."""
    passed: list[str] = []
    longest_s, at = 0.0, 0
    while at <= len(passed):
        try:
            told, took_s = on_virtual_time(lambda at=at: play(scene, at, make_locks))  # type: ignore[misc]
        except AssertionError as error:
            where = passed[at - 1] if at else "nowhere"
            raise AssertionError(f"{scene.name}: {where} ({at}): {error}") from error
        passed = passed or told
        longest_s = max(longest_s, took_s)
        at += 1
    return len(passed), longest_s


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_at_every_gate_there_is_one_order_and_all_keys_tell_of_it(scene: Scene) -> None:
    gates, longest_s = at_every_gate(scene)
    assert gates >= 16
    print(f"{scene.name}: {gates} gates, ended within {longest_s:.1f} s, more than one order: 0")


def has_no_locks(kernel: Kernel, _: LoopClock) -> KernelLocks:
    """Let each process take its own turns."""
    return NoLocks(kernel)


def has_leases(kernel: Kernel, clock: LoopClock) -> KernelLocks:
    """Let a turn pass on when its holder has stood still for five seconds."""
    return Leases(kernel, clock.monotonic, 5.0)


@pytest.mark.parametrize("make_locks", [has_no_locks, has_leases])
def test_turns_of_one_process_alone_or_that_pass_on_by_time_are_caught(
    make_locks: MakeLocks,
) -> None:
    caught = 0
    for scene in SCENES:
        try:
            at_every_gate(scene, make_locks)
        except (AssertionError, TimeoutError) as error:
            print(error)
            caught += 1
    assert caught
