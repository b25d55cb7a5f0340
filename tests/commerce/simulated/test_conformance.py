"""The simulated platform does what every platform must, however its stock works."""

import pytest

from surestock.commerce.conformance import carts, orders
from surestock.commerce.conformance.suite import CHECKS, Check
from surestock.commerce.conformance.verdict import Deviates, NotApplicable
from surestock.commerce.guard import Guard
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.port import CommerceProvider, PlacedOrder, StockRule
from tests.commerce.simulated.lab import SimulatedLab

_RULES: list[StockRule] = ["none", "partial", "all_or_nothing"]


@pytest.mark.parametrize("idempotent", [True, False], ids=["idempotent", "not-idempotent"])
@pytest.mark.parametrize("rule", _RULES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
async def test_the_platform_conforms(check: Check, rule: StockRule, *, idempotent: bool) -> None:
    lab = SimulatedLab(rule, idempotent_place=idempotent)
    if rule == "none" and check is carts.too_few_in_stock_is_told:
        with pytest.raises(NotApplicable, match="stock"):
            await check(lab)
    else:
        await check(lab)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
async def test_the_platform_conforms_with_the_guard_around_it(check: Check) -> None:
    lab = SimulatedLab("partial")
    lab.provider = Guard(lab.simulated, GuardConfig(), lab.clock)
    await check(lab)


@pytest.mark.parametrize(
    "check",
    [
        orders.a_cart_is_ordered_once,
        orders.placing_again_after_a_lost_answer_makes_no_second_order,
    ],
    ids=lambda check: str(check.__name__),
)
async def test_a_platform_that_doubles_orders_is_found_out(check: Check) -> None:
    with pytest.raises(Deviates):
        await check(SimulatedLab(doubles=True))


async def test_a_platform_that_refuses_what_it_took_is_found_out() -> None:
    lab = SimulatedLab()
    lab.simulated.script.lose_request()
    lab.lose_next_answer = _nothing  # type: ignore[method-assign]
    with pytest.raises(Deviates, match="is not found"):
        await orders.a_lost_answer_is_an_unknown_outcome(lab)


async def test_a_provider_that_forgets_its_orders_is_found_out() -> None:
    lab = SimulatedLab()

    class Forgetful(SimulatedLab):
        def restarted(self) -> CommerceProvider:
            return SimulatedLab().provider

    forgetful = Forgetful()
    with pytest.raises(Deviates, match="the order that is found"):
        await orders.an_order_is_found_by_its_attempt(forgetful)
    await orders.an_order_is_found_by_its_attempt(lab)


async def test_a_provider_that_adds_where_it_should_set_is_found_out() -> None:
    lab = SimulatedLab()
    shop = lab.simulated.shop
    put = shop._put  # noqa: SLF001 -- the mistake is made where it usually is

    def add(cart, item, qty) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        held = cart.lines.get(item.sku)
        put(cart, item, qty + (held.qty if held else 0))

    shop._put = add  # type: ignore[method-assign]  # noqa: SLF001
    with pytest.raises(Deviates, match="same call came twice"):
        await carts.a_quantity_that_is_set_twice_counts_once(lab)
    with pytest.raises(Deviates, match="after it was set to 5"):
        await carts.a_quantity_is_absolute(lab)


async def test_a_total_that_is_wrong_is_found_out() -> None:
    lab = SimulatedLab()
    place = lab.simulated.shop.till.place

    def too_cheap(attempt_id, amount, delay, pending_s) -> PlacedOrder:  # type: ignore[no-untyped-def]  # noqa: ANN001
        return place(attempt_id, (amount[0] // 100, amount[1]), delay, pending_s)

    lab.simulated.shop.till.place = too_cheap  # type: ignore[method-assign]
    with pytest.raises(Deviates, match="what the order costs"):
        await orders.an_order_is_placed_and_paid(lab)


async def _nothing() -> None:
    """Lose nothing by itself: the script has it already."""
