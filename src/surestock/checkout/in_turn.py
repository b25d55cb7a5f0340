"""What an ask for a checkout comes to, once its run has the user's turn."""

from surestock.cart.model import Cart, Checkout
from surestock.cart.refusals import CartConflict
from surestock.checkout.answer import bought
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.resolution import Absences, find_out
from surestock.checkout.run import Run
from surestock.checkout.saga import buy
from surestock.checkout.shop import Shop
from surestock.checkout.steps.clean import clean
from surestock.idempotency import IdempotencyConflict, IdempotencyKey


async def deal_with(shop: Shop, absences: Absences, run: Run) -> Checkout | CheckoutEnd:
    """Buy, ask what became of it, share the end that it had meanwhile, or repeat its end.

    The caller has the user's turn. Raises as :func:`~surestock.checkout.saga.buy` does.
    """
    ask = run.ask
    checkout = await shop.find_checkout(ask.user_id)
    cart = await shop.find_cart(ask.user_id)
    if checkout is not None and checkout.is_open:
        run.standing.check_same_cart(checkout)
        check_version(cart, checkout, ask)
        told = await find_out(shop, absences, checkout)
        if isinstance(told, CheckoutEnd):
            await clean(shop, checkout)
        return told
    is_own = checkout is not None and cart is not None and cart.cart_id == checkout.cart_id
    if checkout is not None and run.standing.is_before_end_of(checkout):
        run.standing.check_same_cart(checkout)
        if is_own:
            check_version(cart, checkout, ask)
        run.is_shared = True
        return bought(checkout) if checkout.status == "completed" else checkout
    if checkout is not None and checkout.status == "completed" and (cart is None or is_own):
        return bought(checkout)
    return await buy(shop, absences, ask)


def check_version(cart: Cart | None, checkout: Checkout | None, ask: CheckoutAsk) -> None:
    """Raise ``CartConflict`` when the cart that is checked out is not the one that is meant."""
    expected = ask.expected_version
    if cart is not None and expected is not None and cart.version != expected:
        raise CartConflict(expected, cart, checkout)


async def check_payload(shop: Shop, user_id: str, key: IdempotencyKey) -> None:
    """Raise ``IdempotencyConflict`` when the key began something else, also if that failed."""
    checkout = await shop.find_checkout(user_id)
    known = None if checkout is None or checkout.status == "completed" else checkout.ask
    if known is None or known.digest != key.digest:
        return
    if known.fingerprint != key.fingerprint:
        raise IdempotencyConflict(key.key)
