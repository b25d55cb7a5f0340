"""Checks of orders: at most one for an attempt, and it can be found by the attempt's id."""

from contextlib import suppress

from surestock.commerce.conformance.lab import Lab
from surestock.commerce.conformance.shopper import Shopper, new_attempt
from surestock.commerce.conformance.verdict import NotApplicable, equals, holds, raises
from surestock.commerce.errors import CommerceError, OutcomeUnknown, PaymentDeclined
from surestock.commerce.port import PlacedOrder


async def an_order_is_placed_and_paid(lab: Lab) -> None:
    """An order has an id and a number, is paid or authorized, and costs what it should."""
    shopper = await Shopper.enter(lab, {0: 2, 1: 1})
    request = shopper.request(attempt := new_attempt())
    order = await shopper.order(request)
    equals(order.state, "placed", "the state of a paid order")
    holds(bool(order.order_id and order.order_number), "an order has an id and a number")
    equals(order.currency, lab.currency, "the order's currency")
    total = lab.total(request.subtotal)
    if total is None:
        holds(
            order.total >= request.subtotal, f"the order costs {order.total}, less than its items"
        )
    else:
        equals(order.total, total, "what the order costs")
    equals(await lab.count_orders(attempt), 1, "orders of the attempt")


async def preparing_may_be_repeated(lab: Lab) -> None:
    """To prepare twice, and for another attempt, changes nothing of what is bought."""
    shopper = await Shopper.enter(lab, {0: 1, 2: 2})
    held = shopper.quantities
    first = shopper.request(new_attempt())
    for _ in range(2):
        shopper.cart = await lab.provider.prepare_checkout(shopper.context, first)
    equals(shopper.quantities, held, "what the cart holds when it is prepared")
    attempt = new_attempt()
    await shopper.order(shopper.request(attempt))
    equals(await lab.count_orders(attempt), 1, "orders of the last attempt")
    equals(await lab.count_orders(first.attempt_id), 0, "orders of the one that was given up")


async def a_prepared_cart_can_still_be_changed(lab: Lab) -> None:
    """Somebody may come back from the checkout, and buy more."""
    shopper = await Shopper.enter(lab, {0: 1})
    request = shopper.request(new_attempt())
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    await shopper.hold(lab.articles[0], 2)
    await shopper.hold(lab.articles[1], 1)
    order = await shopper.order(shopper.request(new_attempt()))
    equals(order.state, "placed", "the state of a paid order")
    holds(order.total >= shopper.subtotal, f"the order costs {order.total}, less than its items")


async def an_order_is_found_by_its_attempt(lab: Lab) -> None:
    """By a process that knows nothing but the context: the same order."""
    shopper = await Shopper.enter(lab, {0: 1})
    attempt = new_attempt()
    order = await shopper.order(shopper.request(attempt))
    equals(await shopper.find(attempt), order, "the order that is found")


async def an_order_that_was_not_placed_is_not_found(lab: Lab) -> None:
    """None for an attempt that the platform has not heard of: before an order, and after one."""
    shopper = await Shopper.enter(lab, {0: 1})
    equals(await shopper.find(new_attempt()), None, "the order of nobody")
    await shopper.order(shopper.request(new_attempt()))
    equals(await shopper.find(new_attempt()), None, "the order of nobody, beside another one")


async def a_declined_payment_places_nothing(lab: Lab) -> None:
    """A refused payment is told as such. The cart is still there, and can be ordered."""
    shopper = await Shopper.enter(lab, {0: 1})
    refused = lab.declined(new_attempt(), shopper.subtotal)
    if refused is None:
        raise NotApplicable("the platform takes no payments")
    with raises(PaymentDeclined, "a refused payment"):
        await shopper.order(refused)
    equals(await lab.count_orders(refused.attempt_id), 0, "orders of a refused payment")
    equals(await shopper.find(refused.attempt_id), None, "the order of a refused payment")
    await shopper.look()
    equals(shopper.quantities, {lab.articles[0].sku: 1}, "what the cart holds after that")
    await shopper.hold(lab.articles[0], 2)
    attempt = new_attempt()
    order = await shopper.order(shopper.request(attempt))
    equals(order.state, "placed", "the state of an order that was paid otherwise")
    equals(await lab.count_orders(attempt), 1, "orders of the second attempt")


async def a_lost_answer_is_an_unknown_outcome(lab: Lab) -> None:
    """When the answer gets lost after the order was accepted: one order, and it is found."""
    shopper, attempt = await _lose_an_answer(lab)
    found = await shopper.find(attempt)
    if found is None:
        holds(fact=False, sentence="the order of a lost answer is not found")
    else:
        equals(found.state, "placed", "the state of the order that is found")
    equals(await lab.count_orders(attempt), 1, "orders of the attempt")


async def placing_again_after_a_lost_answer_makes_no_second_order(lab: Lab) -> None:
    """Under the same attempt: the same order where the platform promises that, else a refusal."""
    shopper, attempt = await _lose_an_answer(lab)
    again: PlacedOrder | None = None
    if lab.provider.capabilities.idempotent_place:
        again = await lab.provider.place_order(shopper.context, shopper.request(attempt))
    else:
        with suppress(CommerceError):
            again = await lab.provider.place_order(shopper.context, shopper.request(attempt))
    await lab.settle()
    equals(await lab.count_orders(attempt), 1, "orders of the attempt")
    if again is not None:
        equals(again, await shopper.find(attempt), "the order of the second call")


async def a_cart_is_ordered_once(lab: Lab) -> None:
    """A cart that was ordered makes no second order, under whatever attempt."""
    shopper = await Shopper.enter(lab, {0: 1})
    first, second = new_attempt(), new_attempt()
    order = await shopper.order(shopper.request(first))
    again: PlacedOrder | None = None
    with suppress(CommerceError):
        again = await lab.provider.place_order(shopper.context, shopper.request(second))
    await lab.settle()
    orders = await lab.count_orders(first) + await lab.count_orders(second)
    equals(orders, 1, "orders of a cart")
    holds(again is None or again.order_id == order.order_id, "a second order of one cart is told")


async def _lose_an_answer(lab: Lab) -> tuple[Shopper, str]:
    shopper = await Shopper.enter(lab, {0: 1, 1: 1})
    attempt = new_attempt()
    request = shopper.request(attempt)
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    await lab.lose_next_answer()
    with raises(OutcomeUnknown, "an answer that got lost"):
        await lab.provider.place_order(shopper.context, request)
    await lab.settle()
    return shopper, attempt
