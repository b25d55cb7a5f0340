"""The simulated platform sells as it is set to, forgets what lies idle, and stays small."""

import msgspec
import pytest
from msgspec import structs

from surestock.commerce.errors import (
    CartExpired,
    InsufficientStock,
    PaymentDeclined,
)
from surestock.commerce.port import OrderRequest
from surestock.commerce.providers.simulated.config import SimulatedConfig
from tests.commerce.simulated.bench import PHONE, Bench


async def test_by_default_it_sells_everything_at_our_price() -> None:
    bench = Bench()
    cart = await bench.cart()
    await bench.place(cart, "att-1")
    assert (cart.total, bench.clock.monotonic()) == (2 * 79_900, 0)


async def test_it_may_take_its_time() -> None:
    bench = Bench(latency_ms=250)
    await bench.cart()
    assert bench.clock.monotonic() == 0.5


async def test_it_may_ask_other_prices() -> None:
    cart = await Bench(prices={"phone": 50_000}).cart()
    assert (cart.lines[0].unit_price, cart.total) == (50_000, 100_000)


async def test_a_cart_that_lies_idle_goes() -> None:
    bench = Bench(cart_idle_s=60.0)
    cart = await bench.cart()
    bench.clock.advance(59)
    await bench.provider.read_cart(cart.context)
    bench.clock.advance(60)
    with pytest.raises(CartExpired):
        await bench.provider.read_cart(cart.context)


async def test_a_cart_opens_with_its_key_only() -> None:
    bench = Bench()
    context = (await bench.cart()).context
    with pytest.raises(CartExpired):
        await bench.provider.read_cart(structs.replace(context, secrets={}))


async def test_a_cart_id_is_never_given_out_again_by_another_process() -> None:
    one, other = Bench(), Bench()
    context = (await one.cart()).context
    await other.cart()
    with pytest.raises(CartExpired):
        await other.provider.read_cart(context)


async def test_a_cart_that_was_ordered_takes_nothing_any_more() -> None:
    bench = Bench()
    cart = await bench.cart()
    await bench.place(cart, "att-1")
    request = OrderRequest("att-2", "EUR", 0)
    for call in (
        bench.provider.set_quantity(cart.context, PHONE, None),
        bench.provider.remove_item(cart.context, cart.lines[0]),
        bench.provider.prepare_checkout(cart.context, request),
    ):
        with pytest.raises(CartExpired):
            await call


async def test_carts_and_orders_are_bounded() -> None:
    bench = Bench(most_carts=3, most_orders=2)
    carts = [await bench.cart() for _ in range(4)]
    with pytest.raises(CartExpired):
        await bench.provider.read_cart(carts[0].context)
    for number, cart in enumerate(carts[1:]):
        await bench.place(cart, f"att-{number}")
    assert [await bench.state(carts[1], f"att-{n}") for n in range(3)] == [None, "placed", "placed"]
    assert len(bench.till.all()) == 2


async def test_payments_are_refused_or_stay_pending_by_their_method() -> None:
    bench = Bench(pending_s=30.0)
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
    bench = Bench(stock="all_or_nothing", in_stock={"phone": 3})
    one, other = await bench.cart(), await bench.cart()
    await bench.place(one, "att-1")
    with pytest.raises(InsufficientStock):
        await bench.place(other, "att-2")
    assert bench.provider.shop.stock == {"phone": 1}
    assert await bench.state(other, "att-2") is None


def test_settings_out_of_range_are_refused() -> None:
    for text in ('{"loses": 1.1}', '{"latency_ms": -1}', '{"most_carts": 0}', '{"odd": 1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(text, type=SimulatedConfig)


@pytest.mark.parametrize(("rule", "held"), [("partial", 1), ("all_or_nothing", 0)])
async def test_of_what_is_scarce_a_cart_holds_a_part_or_nothing(rule: str, held: int) -> None:
    bench = Bench(stock=rule, in_stock={"phone": 1})
    opened = await bench.provider.open_cart("EUR", "cart-1")
    with pytest.raises(InsufficientStock):
        await bench.provider.set_quantity(opened.context, PHONE, None)
    lines = (await bench.provider.read_cart(opened.context)).lines
    assert sum(line.qty for line in lines) == held
