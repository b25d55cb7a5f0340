"""The way of one checkout, from its first record to its last. The caller has the user's turn.

A crash between any two lines leaves the state on record, and recovery goes on from there: before
the order was announced nothing was placed, after that the platform is asked.
"""

from surestock.cart.model import Attempt, Checkout
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.resolution import Absences, find_out
from surestock.checkout.shop import Shop
from surestock.checkout.steps.align import align
from surestock.checkout.steps.begin import begin, undo
from surestock.checkout.steps.clean import clean
from surestock.checkout.steps.place import announce, find_earlier, place
from surestock.checkout.steps.prepare import prepare, request_of
from surestock.checkout.steps.settle import complete, doubt
from surestock.checkout.verdict import NOT_PLACED, failure_of, rejected, turned_up
from surestock.commerce import errors as com
from surestock.commerce.port import PlacedOrder


async def buy(shop: Shop, absences: Absences, ask: CheckoutAsk) -> Checkout | CheckoutEnd:
    """Check a cart out; return its end, or the checkout that has failed or has no end yet.

    Raises a refusal when it did not begin, and what the engine raises: whatever is on record then,
    recovery takes care of.
    """
    checkout = await begin(shop, ask)
    if isinstance(checkout, CheckoutEnd):
        return checkout
    cart = await shop.find_cart(ask.user_id)
    if cart is None:
        msg = f"the cart of {ask.user_id} is frozen and is not there"
        raise AssertionError(msg)
    request = request_of(checkout, ask)
    try:
        earlier = await find_earlier(shop, checkout)
        if earlier is not None:
            return await _take_earlier(shop, checkout, *earlier)
        remote = await align(shop, cart)
        await shop.queue.confirm(ask.user_id)
        remote = await prepare(shop, remote, request)
    except com.CommerceError as error:
        return await undo(shop, checkout, failure_of(error), request_id=ask.request_id)
    return await _place(shop, absences, await announce(shop, checkout, remote.context), ask)


async def _place(
    shop: Shop, absences: Absences, checkout: Checkout, ask: CheckoutAsk
) -> Checkout | CheckoutEnd:
    """Place the order that was announced, and record what became of it."""
    context = checkout.attempt.context
    if context is None:
        msg = f"attempt {checkout.attempt.attempt_id} was not announced"
        raise AssertionError(msg)
    try:
        placed = await place(shop, ask.user_id, context, request_of(checkout, ask))
    except NOT_PLACED as error:
        return await undo(shop, checkout, failure_of(error), request_id=ask.request_id)
    except com.CommerceError as error:
        return await _ask_at_once(shop, absences, await doubt(shop, checkout, str(error)))
    if placed.state == "placed":
        end = await complete(shop, checkout, placed, ask.client, ask.request_id)
        await clean(shop, checkout)
        return end
    if placed.state == "failed":
        return await undo(shop, checkout, rejected(), request_id=ask.request_id)
    return await _ask_at_once(shop, absences, checkout)


async def _take_earlier(
    shop: Shop, checkout: Checkout, earlier: Attempt, order: PlacedOrder
) -> Checkout | CheckoutEnd:
    """Let an order that turned up late count, in place of a second one.

    When it is not paid, or the cart is another by now, it is not what the user asks for; then
    nothing more is bought with this cart.
    """
    if order.state == "placed" and earlier.version == checkout.attempt.version:
        end = await complete(shop, checkout, order)
        await clean(shop, checkout)
        return end
    shop.log.error(
        "an order turned up that was given up", order=order.order_number, state=order.state
    )
    return await undo(shop, checkout, turned_up(order))


async def _ask_at_once(
    shop: Shop, absences: Absences, checkout: Checkout
) -> Checkout | CheckoutEnd:
    """Ask a few times while the client still waits: an answer that was lost is soon found."""
    told: Checkout | CheckoutEnd = checkout
    for wait_s in (0.0, *shop.config.first_waits_s):
        if wait_s:
            await shop.sleep(wait_s)
        told = await find_out(shop, absences, checkout)
        if isinstance(told, CheckoutEnd):
            await clean(shop, checkout)
            return told
        if not told.is_open:
            return told
        checkout = told
    return told
