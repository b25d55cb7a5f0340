"""What became of an order whose outcome nobody knows: asked of the platform, never guessed.

An order that is not found was not placed, once the platform's time for that is over. That time is
measured by this process, from one answer of "none" to the question that is answered by another: no
clock that was set wrong, no time for which nobody asked, and no answer that lay about while this
process stood still, ever makes a failure of an order that is on its way.

Each process measures for itself, and always in the user's turn. An attempt is placed once, by the
process that recorded so and keeps the turn until it has an answer or is dead. So whoever has the
turn and finds that record knows that no request of this attempt leaves any more: what is still on
its way is as old as his first "none", at least. Where a turn may be lost, its holder makes sure of
it right before the request leaves, and ``leaves_s`` are added for what lies between the two.
"""

from collections.abc import Callable

from msgspec import Struct

from surestock.cart.model import Checkout, ExternalContext
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.shop import Shop
from surestock.checkout.steps.begin import undo
from surestock.checkout.steps.settle import complete, doubt
from surestock.checkout.verdict import absent, interrupted, rejected
from surestock.commerce.errors import CommerceError
from surestock.commerce.port import PlacedOrder
from surestock.mirror.errors import sentence_of

NOT_FOUND = "The commerce platform knows of no order yet, and may still make one."
NEVER_SURE = (
    "The commerce platform knows of no order, and can never be sure of that. "
    "A person has to look there, and say so with POST /carts/{user_id}/checkout/resolve."
)
UNPAID = "The commerce platform has an order that is neither paid nor given up."
ELSEWHERE = (
    "The order was to be placed at {provider}, which is not the platform in use. "
    "A person has to look there, and say so with POST /carts/{user_id}/checkout/resolve."
)


class _Absence(Struct, frozen=True):
    attempt_id: str
    why: str | None
    since: float

    def is_of(self, checkout: Checkout) -> bool:
        return (checkout.attempt.attempt_id, checkout.why_unknown) == (self.attempt_id, self.why)


class Absences:
    """Since when the platform has said that there is no order, of users whose checkout is open.

    That counts for as long as the record stays what it was. Another process that was told anything
    else meanwhile has recorded so; and when "none" is recorded once more after that, it is by other
    words (:func:`_none_since`).
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: dict[str, _Absence] = {}

    def __len__(self) -> int:
        """Return of how many users that is known."""
        return len(self._since)

    def none_found(self, checkout: Checkout, asked_at: float) -> float:
        """Return for how many seconds "none" had been so when it was asked; 0 at the first."""
        known = self._since.get(checkout.user_id)
        if known is None or not known.is_of(checkout):
            return 0.0
        return asked_at - known.since

    def recorded(self, checkout: Checkout) -> None:
        """Take note that an answer of "none" is on record: if it is the first, it counts now."""
        known = self._since.get(checkout.user_id)
        if known is None or not known.is_of(checkout):
            now = self._monotonic()
            absence = _Absence(checkout.attempt.attempt_id, checkout.why_unknown, now)
            self._since[checkout.user_id] = absence

    def forget(self, user_id: str) -> None:
        """Take note of any other answer, or of the end."""
        self._since.pop(user_id, None)


async def find_out(shop: Shop, absences: Absences, checkout: Checkout) -> Checkout | CheckoutEnd:
    """Ask once what became of an open checkout, and record it; return the checkout as it is then.

    The caller has the user's turn, and nothing else works on the checkout. Raises what the engine
    raises; then nothing was recorded, and it may be asked again.
    """
    attempt = checkout.attempt
    context = attempt.context
    if context is None:
        # The record that comes before placing is not there, so nothing was placed.
        return await undo(shop, checkout, interrupted())
    if context.provider != shop.provider.name:
        why = ELSEWHERE.format(provider=context.provider, user_id=checkout.user_id)
        return await doubt(shop, checkout, why)
    asked_at = shop.clock.monotonic()
    try:
        found = await shop.provider.find_order(context, attempt.attempt_id)
    except CommerceError as error:
        # No answer is not an answer of "none": the count begins again.
        absences.forget(checkout.user_id)
        return await doubt(
            shop, checkout, f"The commerce platform cannot tell: {sentence_of(error)}"
        )
    if found is None:
        return await _not_found(shop, absences, checkout, context, asked_at)
    absences.forget(checkout.user_id)
    return await _found(shop, checkout, found)


async def _found(shop: Shop, checkout: Checkout, found: PlacedOrder) -> Checkout | CheckoutEnd:
    if found.state == "placed":
        shop.figures.resolved += 1
        return await complete(shop, checkout, found)
    if found.state == "failed":
        shop.figures.resolved += 1
        return await undo(shop, checkout, rejected())
    return await doubt(shop, checkout, UNPAID)


async def _not_found(
    shop: Shop,
    absences: Absences,
    checkout: Checkout,
    context: ExternalContext,
    asked_at: float,
) -> Checkout:
    settles_s = shop.provider.capabilities.settles_s
    attempt_id = checkout.attempt.attempt_id
    if settles_s is None:
        return await doubt(shop, checkout, NEVER_SURE.format(user_id=checkout.user_id))
    if absences.none_found(checkout, asked_at) <= settles_s + shop.config.leaves_s:
        told = await doubt(shop, checkout, _none_since(shop, checkout))
        absences.recorded(told)
        return told
    absences.forget(checkout.user_id)
    shop.figures.resolved += 1
    shop.log.warning("an order was never made", attempt=attempt_id, cart=context.external_cart_id)
    return await undo(shop, checkout, absent(), absent=True)


def _none_since(shop: Shop, checkout: Checkout) -> str:
    """Return what is recorded of an answer of "none": the same, until there is any other answer."""
    why = checkout.why_unknown
    if why is not None and why.startswith(f"{NOT_FOUND} "):
        return why
    return f"{NOT_FOUND} It has said so since {shop.clock.now():%Y-%m-%dT%H:%M:%S.%fZ}."
