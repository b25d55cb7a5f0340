"""What those who ask for a checkout are told of its end, at once and when they ask again."""

from msgspec import Raw, json

from surestock.cart.model import Checkout, Failure
from surestock.cart.refusals import CheckoutInProgress
from surestock.cart.reply import checkout_body
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.errors import CheckoutFailed, ProviderUnavailable
from surestock.checkout.shop import Shop
from surestock.idempotency import IdempotencyKey
from surestock.ledger.port import Outcome

_encode = json.Encoder().encode


async def find_answer(shop: Shop, key: IdempotencyKey) -> CheckoutEnd | None:
    """Return what a client's key was answered with, or None. A failure, or a refusal, is raised."""
    try:
        outcome = await shop.engine.find_answer(key)
    except CheckoutInProgress:
        return None  # it was so, and need not be any more
    return None if outcome is None else repeated(outcome)


def repeated(outcome: Outcome) -> CheckoutEnd:
    """Return the end that was recorded for a key. A failure is raised."""
    reply = outcome.reply
    if reply.failure is not None:
        raise failed(json.decode(reply.body, type=Failure), replayed=True)
    return CheckoutEnd("completed", reply.body, outcome.sequence, replayed=True)


def bought(checkout: Checkout) -> CheckoutEnd:
    """Return the end of a completed checkout, as it was told before."""
    return CheckoutEnd("completed", Raw(_encode(checkout_body(checkout))), replayed=True)


def failed(failure: Failure, *, replayed: bool) -> CheckoutFailed | ProviderUnavailable:
    """Return the error that tells of a failure."""
    if failure.code == "ProviderUnavailable":
        return ProviderUnavailable.of(failure)
    error = CheckoutFailed(failure, replayed=replayed)
    error.request_id = failure.request_id
    return error
