"""Begin: one record freezes the cart and reserves its stock, before anything leaves the process.

Taken back by :func:`undo`, also one record: stock is released, the cart is free, and the client
may try again.
"""

from msgspec.structs import replace

from surestock.cart.commands import BeginCheckout, FailCheckout
from surestock.cart.model import Checkout, CheckoutKey, Failure
from surestock.checkout.answer import repeated
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.shop import SURESTOCK, Shop
from surestock.checkout.verdict import REPEATABLE


async def begin(shop: Shop, ask: CheckoutAsk) -> Checkout | CheckoutEnd:
    """Return the checkout, durably in progress; or its end, when the key was answered meanwhile.

    Raises a refusal (``NotFound``, ``CartConflict``, ``CheckoutInProgress``, ``CartEmpty``,
    ``PriceChanged``, ``LinesRefused``); then nothing has changed.
    """
    key = ask.key
    asked = None if key is None else CheckoutKey(key.key, key.digest, key.fingerprint)
    command = BeginCheckout(ask.user_id, ask.expected_version, asked, shop.config.default_store_id)
    outcome = await shop.record(command, ask.client, ask.request_id, asked, begins=True)
    if outcome.replayed:
        return repeated(outcome)
    return await shop.get_checkout(ask.user_id)


async def undo(
    shop: Shop,
    checkout: Checkout,
    failure: Failure,
    *,
    absent: bool = False,
    actor: str = SURESTOCK,
    request_id: str | None = None,
) -> Checkout:
    """Record that no order was placed, and return the checkout as failed.

    The client's key is answered by it for good, unless the failure says nothing about the cart.
    """
    attempt_id = checkout.attempt.attempt_id
    told = replace(failure, request_id=request_id or attempt_id)
    command = FailCheckout(checkout.user_id, attempt_id, told, absent)
    ask = None if failure.code in REPEATABLE else checkout.ask
    await shop.record_end(command, actor, request_id or "checkout", ask)
    # No sync was made of the cart while it was frozen.
    shop.mirrors.changed(checkout.user_id)
    failed = shop.figures.failed
    failed[failure.code] = failed.get(failure.code, 0) + 1
    return await shop.get_checkout(checkout.user_id)
