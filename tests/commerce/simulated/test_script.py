"""The simulated platform goes wrong as it is told to, and in each run the same way."""

import asyncio
from contextlib import suppress

import pytest

from surestock.commerce.errors import (
    CommerceError,
    Conflict,
    OutcomeUnknown,
    Unavailable,
)
from tests.commerce.simulated.bench import PHONE, Bench


async def test_a_lost_answer_leaves_an_order_and_a_lost_request_none() -> None:
    bench = Bench()
    cart = await bench.cart()
    bench.script.lose_request()
    with pytest.raises(OutcomeUnknown):
        await bench.place(cart, "att-1")
    assert await bench.state(cart, "att-1") is None
    bench.script.lose_answer()
    with pytest.raises(OutcomeUnknown):
        await bench.place(cart, "att-2")
    assert await bench.state(cart, "att-2") == "placed"
    assert len(bench.till.all()) == 1


async def test_an_order_may_be_seen_late_by_time_and_by_asking() -> None:
    bench = Bench()
    one, other = await bench.cart(), await bench.cart()
    bench.script.accept_late(seconds=3)
    bench.script.accept_late(asks=2, call=2)
    for cart, attempt in ((one, "att-1"), (other, "att-2")):
        with pytest.raises(OutcomeUnknown):
            await bench.place(cart, attempt)
    assert await bench.state(one, "att-1") is None
    bench.clock.advance(3)
    assert await bench.state(one, "att-1") == "placed"
    assert [await bench.state(other, "att-2") for _ in range(3)] == [None, None, "placed"]


async def test_an_order_that_is_still_late_is_not_made_twice() -> None:
    bench = Bench()
    cart = await bench.cart()
    bench.script.accept_late(seconds=3)
    with pytest.raises(OutcomeUnknown):
        await bench.place(cart, "att-1")
    await bench.place(cart, "att-1")
    with pytest.raises(Conflict):
        await bench.place(cart, "att-2")
    assert len(bench.till.all()) == 1


async def test_the_chosen_call_fails_and_no_other() -> None:
    bench = Bench()
    cart = await bench.cart()
    bench.script.fail("read_cart", call=2, times=2)
    ends = []
    for _ in range(5):
        try:
            await bench.provider.read_cart(cart.context)
            ends.append("ok")
        except Unavailable:
            ends.append("down")
    assert ends == ["ok", "down", "down", "ok", "ok"]


async def test_a_call_may_be_carried_out_and_fail_nevertheless() -> None:
    bench = Bench()
    opened = await bench.provider.open_cart("EUR", "cart-1")
    bench.script.fail("set_quantity", carried_out=True)
    with pytest.raises(Unavailable):
        await bench.provider.set_quantity(opened.context, PHONE, None)
    assert (await bench.provider.read_cart(opened.context)).lines[0].qty == 2


async def test_it_may_be_down_and_heal() -> None:
    bench = Bench()
    cart = await bench.cart()
    bench.script.down = True
    for call in (bench.provider.read_cart(cart.context), bench.place(cart, "att-1")):
        with pytest.raises(Unavailable):
            await call
    bench.script.down = False
    await bench.place(cart, "att-1")


async def test_a_verb_can_be_held() -> None:
    bench = Bench()
    cart = await bench.cart()
    gate = bench.script.hold("place_order")
    async with asyncio.TaskGroup() as group:
        placing = group.create_task(bench.place(cart, "att-1"))
        await asyncio.sleep(0)
        await bench.provider.read_cart(cart.context)
        assert not placing.done()
        assert bench.script.calls["place_order"] == 1
        gate.set()
    assert await bench.state(cart, "att-1") == "placed"


async def test_chance_is_the_same_in_every_run_and_about_as_large_as_told() -> None:
    async def run(seed: int) -> list[str]:
        bench = Bench(fails=0.1, forgets=0.1, loses=0.3, late=0.2, late_s=5.0, seed=seed)
        ends: list[str] = []
        for number in range(400):
            cart = None
            with suppress(CommerceError):
                cart = await bench.cart()
            if cart is None:
                ends.append("no cart")
                continue
            try:
                await bench.place(cart, f"att-{number}")
                ends.append("placed")
            except CommerceError as error:
                ends.append(type(error).__name__)
        return ends

    first = await run(1)
    assert await run(1) == first != await run(2)
    for end, least in (
        ("placed", 100),
        ("OutcomeUnknown", 80),
        ("Unavailable", 10),
        ("no cart", 50),
    ):
        assert first.count(end) > least
