"""The way of a checkout: stock is reserved, the order placed, and its end recorded, each once."""

from surestock.cart.commands import (
    BeginCheckout,
    BeginPlacing,
    CompleteCheckout,
    DoubtCheckout,
    FailCheckout,
    RepeatCheckout,
)
from surestock.cart.deciding.current import check_current, get_current
from surestock.cart.deciding.offer import lines_of, price_changes
from surestock.cart.deciding.record import record
from surestock.cart.events import (
    CheckoutBegun,
    CheckoutCompleted,
    CheckoutDoubted,
    CheckoutFailed,
    PlacingBegun,
)
from surestock.cart.find import find_checkout
from surestock.cart.model import Checkout
from surestock.cart.refusals import CartEmpty, PriceChanged, Superseded
from surestock.inventory.deciding import Draft
from surestock.inventory.deciding.reserve import reserve_for
from surestock.inventory.deciding.resolve import give_back, take
from surestock.inventory.model import Reservation


def begin_checkout(draft: Draft, command: BeginCheckout) -> None:
    """Reserve what is stocked and freeze the cart, at the prices that the user was shown."""
    user_id = command.user_id
    cart, checkout = get_current(draft, user_id)
    check_current(cart, checkout, command.expected_version)
    if not cart.items:
        raise CartEmpty(user_id)
    changes = price_changes(draft, cart)
    if changes:
        raise PriceChanged(changes, user_id)
    lines = lines_of(draft, cart, command.default_store_id)
    if lines:
        reserve_for(draft, user_id, lines)
    record(draft, CheckoutBegun(user_id, cart.cart_id, draft.record_id, bool(lines), command.ask))


def begin_placing(draft: Draft, command: BeginPlacing) -> None:
    """Record that an order may be there from now on. An attempt places once."""
    checkout = _get_open(draft, command.user_id, command.attempt_id)
    if checkout.status != "in_progress" or checkout.attempt.placing_at is not None:
        raise Superseded(f"The placing of attempt {command.attempt_id}")
    record(draft, PlacingBegun(command.user_id, command.attempt_id, command.context))


def complete_checkout(draft: Draft, command: CompleteCheckout) -> None:
    """Record the order. It exists, so nothing that is found here can refuse it any more."""
    checkout = _get_open(draft, command.user_id, command.attempt_id)
    held = _find_reserved(draft, checkout)
    if held is not None:
        take(draft, held, held.lines)
    record(
        draft,
        CheckoutCompleted(command.user_id, command.attempt_id, command.order, command.reason),
    )


def fail_checkout(draft: Draft, command: FailCheckout) -> None:
    """Record that there is no order, and give back what was reserved."""
    checkout = _get_open(draft, command.user_id, command.attempt_id)
    held = _find_reserved(draft, checkout)
    if held is not None:
        give_back(draft, held)
    record(
        draft,
        CheckoutFailed(command.user_id, command.attempt_id, command.failure, command.absent),
    )


def doubt_checkout(draft: Draft, command: DoubtCheckout) -> None:
    """Record that nobody knows, or knows yet."""
    _get_open(draft, command.user_id, command.attempt_id)
    record(draft, CheckoutDoubted(command.user_id, command.attempt_id, command.why))


def repeat_checkout(draft: Draft, command: RepeatCheckout) -> None:
    """Record nothing, once the attempt has ended: its end answers one more key."""
    checkout = find_checkout(draft, command.user_id)
    if checkout is None or checkout.attempt.attempt_id != command.attempt_id or checkout.is_open:
        raise Superseded(f"The end of attempt {command.attempt_id}")


def _get_open(draft: Draft, user_id: str, attempt_id: str) -> Checkout:
    checkout = find_checkout(draft, user_id)
    if checkout is None or checkout.attempt.attempt_id != attempt_id or not checkout.is_open:
        raise Superseded(f"Attempt {attempt_id}")
    return checkout


def _find_reserved(draft: Draft, checkout: Checkout) -> Reservation | None:
    """Return what the attempt still holds, if anything."""
    held = draft.reservation(checkout.attempt.attempt_id)
    return held if held is not None and held.status == "active" else None
