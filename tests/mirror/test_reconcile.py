"""The platform's cart is brought up to ours, whatever it answers on the way."""

import pytest
from msgspec.structs import replace

from surestock.cart.model import Cart, ExternalContext, Item, Mirror
from surestock.commerce import errors as err
from surestock.commerce.port import RemoteCart, RemoteLine
from surestock.kit.clock import ManualClock
from surestock.mirror.context import live_cart
from surestock.mirror.reconcile import check_prices, reconcile
from tests.mirror.platform import FakePlatform

NOW = ManualClock().now()
ITEMS = (
    Item("A", "Product A", "device", 2, 100),
    Item("B", "Product B", "plan", 1, 50),
)


def cart(context: ExternalContext | None = None) -> Cart:
    return Cart("U", "C1", "EUR", ITEMS, 2, NOW, NOW, NOW, Mirror(context=context))


async def filled(platform: FakePlatform, **quantities: int) -> RemoteCart:
    remote = await platform.open_cart("EUR", "C1")
    kept = platform.carts[remote.context.external_cart_id]
    kept.lines = {f"L-{sku}": (sku, qty) for sku, qty in quantities.items()}
    remote = await platform.read_cart(remote.context)
    platform.calls.clear()
    return remote


async def test_each_difference_takes_one_call_and_no_more() -> None:
    platform = FakePlatform()
    remote = await filled(platform, A=5, B=1, C=1)
    told: list[RemoteCart] = []
    after = await reconcile(platform, remote, ITEMS, "EUR", told.append)
    assert {line.sku: line.qty for line in after.lines} == {"A": 2, "B": 1}
    assert platform.verbs() == ["remove_item", "set_quantity"]
    assert told[-1] == after
    assert len(told) == 2


async def test_the_context_of_each_answer_is_used_for_the_next_call() -> None:
    platform = FakePlatform()
    remote = await filled(platform)
    after = await reconcile(platform, remote, ITEMS, "EUR")
    assert int(after.context.secrets["token"]) == int(remote.context.secrets["token"]) + 2


async def test_a_lost_update_is_done_again() -> None:
    platform = FakePlatform()
    remote = await filled(platform)
    platform.plan("ignore", "ignore", "double")
    after = await reconcile(platform, remote, ITEMS, "EUR")
    assert {line.sku: line.qty for line in after.lines} == {"A": 2, "B": 1}


async def test_the_first_failure_comes_out_and_a_later_try_goes_on_from_there() -> None:
    platform = FakePlatform()
    remote = await filled(platform)
    platform.plan(None, "refuse")
    with pytest.raises(err.Conflict):
        await reconcile(platform, remote, ITEMS, "EUR")
    remote = await platform.read_cart(remote.context)
    assert [line.sku for line in remote.lines] == ["A"]
    platform.calls.clear()
    await reconcile(platform, remote, ITEMS, "EUR")
    assert platform.verbs() == ["set_quantity"]


async def test_a_cart_that_never_obeys_is_a_conflict_after_so_many_rounds() -> None:
    platform = FakePlatform()
    remote = await filled(platform)
    platform.script = lambda _: "ignore"
    with pytest.raises(err.Conflict, match="however often"):
        await reconcile(platform, remote, ITEMS, "EUR")
    assert len(platform.calls) <= 10


async def test_another_currency_is_a_conflict_and_nothing_is_changed() -> None:
    platform = FakePlatform()
    remote = await filled(platform, C=1)
    with pytest.raises(err.Conflict, match="USD"):
        await reconcile(platform, replace(remote, currency="USD"), ITEMS, "EUR")
    assert platform.calls == []
    await reconcile(platform, replace(remote, currency=None), ITEMS, "EUR")


async def test_another_price_is_set_once_more_and_then_told() -> None:
    platform = FakePlatform()
    platform.prices = {"A": 120}
    remote = await filled(platform, A=2, B=1)
    after = await reconcile(platform, remote, ITEMS, "EUR")
    assert platform.verbs() == ["set_quantity"]
    with pytest.raises(err.PriceChanged) as told:
        check_prices(ITEMS, after)
    assert (told.value.sku, told.value.old, told.value.new) == ("A", 100, 120)


def test_a_price_that_is_not_told_is_no_other_price() -> None:
    context = ExternalContext("fake", "R1")
    lines = (RemoteLine("1", "A", 2, 100), RemoteLine("2", "B", 1), RemoteLine("3", "Z", 1, 7))
    check_prices(ITEMS, RemoteCart(context, lines))


async def test_a_cart_that_lives_is_read_and_its_context_renewed() -> None:
    platform = FakePlatform()
    remote = await filled(platform, A=1)
    live = await live_cart(platform, cart(remote.context))
    assert platform.verbs() == ["read_cart"]
    assert live.lines == remote.lines
    assert live.context != remote.context


@pytest.mark.parametrize("why", ["none", "expired", "of another platform"])
async def test_a_cart_that_does_not_live_is_made_again(why: str) -> None:
    platform = FakePlatform()
    remote = await filled(platform, A=1)
    context: ExternalContext | None = remote.context
    if why == "none":
        context = None
    elif why == "expired":
        platform.carts.clear()
    else:
        context = replace(remote.context, provider="other")
    live = await live_cart(platform, cart(context))
    assert live.lines == ()
    assert live.context.external_cart_id != remote.context.external_cart_id
    assert platform.calls[-1] == ("open_cart", "C1")
    assert platform.verbs().count("read_cart") == (why == "expired")


async def test_a_platform_that_is_away_is_no_reason_for_another_cart() -> None:
    platform = FakePlatform()
    remote = await filled(platform)
    platform.script = lambda _: "away"
    with pytest.raises(err.Unavailable):
        await live_cart(platform, cart(remote.context))
    assert platform.verbs() == ["read_cart"]
