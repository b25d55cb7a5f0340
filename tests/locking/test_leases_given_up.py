"""A command that is cancelled at whatever wait leaves no lease behind, and hurts no other."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import pytest

from surestock.locking import Grip, LeaseHeld
from surestock.locking.lease import FileLeases
from tests.locking.lease_house import TTL_S, House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
_KEYS = ["a", "b", "c"]
Command = Callable[[House], Coroutine[Any, Any, None]]


async def _short(home: House) -> None:
    grip = await home.leases.acquire(_KEYS)
    await home.leases.release(grip)


async def _long(home: House) -> None:
    grip = await home.leases.acquire(_KEYS)
    try:
        home.clock.advance(TTL_S)
        await home.leases.confirm(grip)
    finally:
        await home.leases.release(grip)


async def _sharing(home: House) -> None:
    """Use one lease that another command has, and two of one's own."""
    other = await home.leases.acquire(["b"])
    try:
        await _short(home)
    finally:
        await home.leases.release(other)


@pytest.mark.parametrize("impatient", [False, True])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("command", [_short, _long, _sharing])
async def test_nothing_is_left_of_a_command_that_is_cancelled_at_any_wait(
    home: House, command: Command, *, late: bool, impatient: bool
) -> None:
    for step in count():
        cut = await _cut(command(home), step, late=late, impatient=impatient)
        await home.settled()
        assert home.names() == []
        assert len(home.leases) == 0
        if not cut:
            break
    assert step >= 2


@pytest.mark.parametrize("late", [False, True])
async def test_nothing_is_left_of_a_command_that_is_cancelled_while_it_is_refused(
    home: House, *, late: bool
) -> None:
    held = await home.neighbour.acquire("c")
    for step in count():
        try:
            cut = await _cut(home.leases.acquire(_KEYS), step, late=late, impatient=False)
        except LeaseHeld:
            break
        assert cut
        await home.settled()
        assert len(home.names()) == 1, "the neighbour's alone"
    assert step >= 1
    await home.neighbour.release(held)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("who", range(4))
async def test_those_who_wait_for_the_same_lease_get_it_whoever_gives_up(
    home: House, who: int, *, late: bool
) -> None:
    for step in count():
        waiting = [home.leases.acquire(_KEYS) for _ in range(4)]
        given_up = waiting.pop(who)
        async with asyncio.TaskGroup() as tasks:
            before = [tasks.create_task(each) for each in waiting[:who]]
            await asyncio.sleep(0)
            cutting = tasks.create_task(_cut(given_up, step, late=late, impatient=False))
            after = [tasks.create_task(each) for each in waiting[who:]]
        grips = [each.result() for each in before + after]
        assert not any(grip.bare for grip in grips)
        for grip in grips:
            assert len(home.names()) == 3
            await home.leases.release(grip)
        if not cutting.result():
            break  # it was not cancelled, and has what it asked for
        assert home.names() == []
    assert len(home.leases) == 3


async def test_a_lease_that_nobody_waits_for_any_more_is_released_once_it_is_had(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    real = FileLeases.acquire
    had = []

    def acquire(leases: FileLeases, key: str, *rest: Any) -> Any:
        gate.wait(60)  # else a test that fails would never end
        had.append(key)
        return real(leases, key, *rest)

    monkeypatch.setattr(FileLeases, "acquire", acquire)
    asking = [asyncio.get_running_loop().create_task(home.leases.acquire(["k"])) for _ in range(3)]
    await asyncio.sleep(0)
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert len(home.leases) == 0
    assert had == []
    again = asyncio.get_running_loop().create_task(home.leases.acquire(["k"]))
    gate.set()
    grip = await again
    assert had == ["k", "k"], "the first one was given back before"
    assert not grip.bare
    await home.leases.release(grip)
    assert home.names() == []


async def test_a_release_that_is_cancelled_is_carried_out_all_the_same(home: House) -> None:
    for late in (False, True):
        grip = await home.leases.acquire(_KEYS)
        assert await _cut(home.leases.release(grip), 0, late=late, impatient=False)
        await home.settled()
        assert home.names() == []


async def _cut(
    running: Coroutine[Any, Any, Grip | None], step: int, *, late: bool, impatient: bool
) -> bool:
    """Cancel a coroutine at its ``step``-th wait; return whether it came so far.

    ``late``: when what it waited for has come already. ``impatient``: at each later wait too.
    """
    cut = False
    for number in count():
        try:
            if cut and (impatient or number == step + 1):
                waits_for = running.throw(asyncio.CancelledError())
            else:
                waits_for = running.send(None)
        except StopIteration:
            assert not cut, "the cancellation was swallowed"
            return False
        except asyncio.CancelledError:
            assert cut
            return True
        waits_for._asyncio_future_blocking = False  # noqa: SLF001 - as a task does that awaits it
        cut = number >= step
        if not cut or late or (number > step and not impatient):
            await asyncio.wait([waits_for])
    raise AssertionError
