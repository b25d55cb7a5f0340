"""Whose calls find a place at the platform, where there are few."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from surestock.commerce.errors import CommerceError, OutcomeUnknown, Unavailable
from surestock.commerce.guard import Guard
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.observer import Verb
from surestock.commerce.port import RemoteCart
from tests.commerce.puppet import CART, CONTEXT, ORDER, Act, Rig
from tests.resilience.virtual_loop import VirtualLoop

_TIGHT = GuardConfig(retries=0, places=2, order_places=1, most_waiting=2, longest_wait_s=2)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Time passes at once."""
    return "asyncio", {"loop_factory": VirtualLoop}


async def _silence() -> None:
    await asyncio.Event().wait()


async def _fail(rig: Rig, verb: Verb = "read_cart") -> CommerceError:
    with pytest.raises(CommerceError) as raised:
        await rig.call(verb)
    return raised.value


async def test_an_order_has_a_place_that_nothing_else_takes() -> None:
    rig = Rig(_silence, _silence, config=_TIGHT)
    async with asyncio.TaskGroup() as group:
        stuck = [group.create_task(_fail(rig)) for _ in range(2)]
        await asyncio.sleep(0.1)
        assert await rig.call("place_order") is ORDER
        assert not any(task.done() for task in stuck)


async def test_orders_that_are_stuck_leave_the_places_of_others_free() -> None:
    rig = Rig(_silence, config=_TIGHT)
    async with asyncio.TaskGroup() as group:
        stuck = group.create_task(_fail(rig, "place_order"))
        await asyncio.sleep(0.1)
        assert await rig.call("read_cart") is CART
        shed = await _fail(rig, "place_order")
        assert isinstance(shed, Unavailable)
        assert rig.puppet.calls.count("place_order") == 1
    assert isinstance(stuck.result(), OutcomeUnknown)


async def test_who_is_about_to_buy_goes_before_the_background() -> None:
    ends: list[str] = []
    first = asyncio.Event()
    rig = Rig(_until(first), CART, CART, config=structs.replace(_TIGHT, places=1, most_waiting=10))

    async def read(guard: Guard, name: str) -> None:
        await guard.read_cart(CONTEXT)
        ends.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(read(rig.guard, "in"))
        await asyncio.sleep(0.1)
        group.create_task(read(rig.guard, "background"))
        await asyncio.sleep(0.1)
        group.create_task(read(rig.guard.for_buyers(), "buyer"))
        await asyncio.sleep(0.1)
        first.set()
    assert ends == ["in", "buyer", "background"]


def _until(event: asyncio.Event) -> Act:
    async def act() -> RemoteCart:
        await event.wait()
        return CART

    return act
