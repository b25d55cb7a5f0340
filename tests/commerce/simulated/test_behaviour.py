"""The simulated platform goes wrong as it is told to, each run the same way, and stays small."""

import asyncio
from contextlib import suppress

import msgspec
import pytest
from msgspec import structs

from surestock.commerce.errors import (
    CartExpired,
    CommerceError,
    Conflict,
    InsufficientStock,
    OutcomeUnknown,
    PaymentDeclined,
    Unavailable,
)
from surestock.commerce.port import OrderRequest, Payment, RemoteCart, WantedItem
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.provider import SimulatedProvider
from surestock.kit.clock import ManualClock

PHONE = WantedItem("phone", 2, 79_900, "Phone", "device")


class _Bench:
    """A provider by itself. Sleeping moves its clock."""

    def __init__(self, **settings: object) -> None:
        config = structs.replace(SimulatedConfig(), **settings)
        self.clock = ManualClock()
        self.provider = SimulatedProvider(config, self.clock, sleep=self._sleep)
        self.script = self.provider.script
        self.till = self.provider.shop.till

    async def cart(self) -> RemoteCart:
        opened = await self.provider.open_cart("EUR", "cart-1")
        return await self.provider.set_quantity(opened.context, PHONE, None)

    async def place(self, cart: RemoteCart, attempt: str, method: str = "card") -> object:
        request = OrderRequest(attempt, "EUR", cart.total or 0, payment=Payment(method))
        return await self.provider.place_order(cart.context, request)

    async def state(self, cart: RemoteCart, attempt: str) -> str | None:
        order = await self.provider.find_order(cart.context, attempt)
        return None if order is None else order.state

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)


async def test_by_default_it_sells_everything_at_our_price() -> None:
    bench = _Bench()
    cart = await bench.cart()
    await bench.place(cart, "att-1")
    assert (cart.total, bench.clock.monotonic()) == (2 * 79_900, 0)


async def test_it_may_take_its_time() -> None:
    bench = _Bench(latency_ms=250)
    await bench.cart()
    assert bench.clock.monotonic() == 0.5


async def test_it_may_ask_other_prices() -> None:
    cart = await _Bench(prices={"phone": 50_000}).cart()
    assert (cart.lines[0].unit_price, cart.total) == (50_000, 100_000)


async def test_a_cart_that_lies_idle_goes() -> None:
    bench = _Bench(cart_idle_s=60.0)
    cart = await bench.cart()
    bench.clock.advance(59)
    await bench.provider.read_cart(cart.context)
    bench.clock.advance(60)
    with pytest.raises(CartExpired):
        await bench.provider.read_cart(cart.context)


async def test_a_cart_opens_with_its_key_only() -> None:
    bench = _Bench()
    context = (await bench.cart()).context
    with pytest.raises(CartExpired):
        await bench.provider.read_cart(structs.replace(context, secrets={}))


async def test_a_cart_id_is_never_given_out_again_by_another_process() -> None:
    one, other = _Bench(), _Bench()
    context = (await one.cart()).context
    await other.cart()
    with pytest.raises(CartExpired):
        await other.provider.read_cart(context)


async def test_carts_and_orders_are_bounded() -> None:
    bench = _Bench(most_carts=3, most_orders=2)
    carts = [await bench.cart() for _ in range(4)]
    with pytest.raises(CartExpired):
        await bench.provider.read_cart(carts[0].context)
    for number, cart in enumerate(carts[1:]):
        await bench.place(cart, f"att-{number}")
    assert [await bench.state(carts[1], f"att-{n}") for n in range(3)] == [None, "placed", "placed"]
    assert len(bench.till.all()) == 2


async def test_a_lost_answer_leaves_an_order_and_a_lost_request_none() -> None:
    bench = _Bench()
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
    bench = _Bench()
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
    bench = _Bench()
    cart = await bench.cart()
    bench.script.accept_late(seconds=3)
    with pytest.raises(OutcomeUnknown):
        await bench.place(cart, "att-1")
    await bench.place(cart, "att-1")
    with pytest.raises(Conflict):
        await bench.place(cart, "att-2")
    assert len(bench.till.all()) == 1


async def test_the_chosen_call_fails_and_no_other() -> None:
    bench = _Bench()
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
    bench = _Bench()
    opened = await bench.provider.open_cart("EUR", "cart-1")
    bench.script.fail("set_quantity", carried_out=True)
    with pytest.raises(Unavailable):
        await bench.provider.set_quantity(opened.context, PHONE, None)
    assert (await bench.provider.read_cart(opened.context)).lines[0].qty == 2


async def test_it_may_be_down_and_heal() -> None:
    bench = _Bench()
    cart = await bench.cart()
    bench.script.down = True
    for call in (bench.provider.read_cart(cart.context), bench.place(cart, "att-1")):
        with pytest.raises(Unavailable):
            await call
    bench.script.down = False
    await bench.place(cart, "att-1")


async def test_a_verb_can_be_held() -> None:
    bench = _Bench()
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


async def test_payments_are_refused_or_stay_pending_by_their_method() -> None:
    bench = _Bench(pending_s=30.0)
    cart = await bench.cart()
    with pytest.raises(PaymentDeclined):
        await bench.place(cart, "att-1", "declined")
    await bench.place(cart, "att-1", "pending")
    assert await bench.state(cart, "att-1") == "pending"
    bench.clock.advance(30)
    assert await bench.state(cart, "att-1") == "placed"
    bench.till.set_state("att-1", "failed")
    assert await bench.state(cart, "att-1") == "failed"


async def test_stock_is_taken_by_orders() -> None:
    bench = _Bench(stock="all_or_nothing", in_stock={"phone": 3})
    one, other = await bench.cart(), await bench.cart()
    await bench.place(one, "att-1")
    with pytest.raises(InsufficientStock):
        await bench.place(other, "att-2")
    assert bench.provider.shop.stock == {"phone": 1}
    assert await bench.state(other, "att-2") is None


async def test_chance_is_the_same_in_every_run_and_about_as_large_as_told() -> None:
    async def run(seed: int) -> list[str]:
        bench = _Bench(fails=0.1, forgets=0.1, loses=0.3, late=0.2, late_s=5.0, seed=seed)
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


def test_settings_out_of_range_are_refused() -> None:
    for text in ('{"loses": 1.1}', '{"latency_ms": -1}', '{"most_carts": 0}', '{"odd": 1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(text, type=SimulatedConfig)
