"""The states of a checkout: in progress, unknown, completed, failed."""

from msgspec.structs import replace

from surestock.cart.events import (
    CheckoutBegun,
    CheckoutCompleted,
    CheckoutDoubted,
    CheckoutFailed,
    PlacingBegun,
)
from surestock.cart.evolving.check import check_free, get_cart, get_open
from surestock.cart.find import find_checkout
from surestock.cart.model import Attempt, Checkout
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.view import Changes


def checkout_begun(changes: Changes, event: CheckoutBegun) -> None:
    """Freeze the cart. Attempts for it that were given up are still known."""
    cart = get_cart(changes, event.user_id, event.cart_id)
    check_free(changes, cart)
    before = find_checkout(changes, event.user_id)
    if not cart.items or (before is not None and before.is_open):
        msg = f"a checkout of cart {cart.cart_id} began, which is empty or not the only one"
        raise InvariantViolation(msg)
    held = changes.reservation(event.attempt_id)
    is_held = held is not None and held.status == "active" and held.held_for == event.user_id
    if is_held != event.reserved:
        msg = f"attempt {event.attempt_id} says reserved: {event.reserved}, but it is {held}"
        raise InvariantViolation(msg)
    same_cart = before is not None and before.cart_id == cart.cart_id
    changes.put(
        Checkout(
            event.user_id,
            cart.cart_id,
            "in_progress",
            Attempt(event.attempt_id, changes.at, event.reserved, version=cart.version),
            cart.items,
            cart.currency,
            event.ask,
            absent=before.absent if before is not None and same_cart else (),
        )
    )


def placing_begun(changes: Changes, event: PlacingBegun) -> None:
    """Remember where the order is placed, before it is."""
    checkout = get_open(changes, event.user_id, event.attempt_id)
    if checkout.status != "in_progress" or checkout.attempt.placing_at is not None:
        msg = f"attempt {event.attempt_id} was placed twice"
        raise InvariantViolation(msg)
    attempt = replace(checkout.attempt, context=event.context, placing_at=changes.at)
    changes.put(replace(checkout, attempt=attempt))


def checkout_doubted(changes: Changes, event: CheckoutDoubted) -> None:
    """Keep the cart frozen, and its stock reserved, until somebody knows."""
    checkout = get_open(changes, event.user_id, event.attempt_id)
    changes.put(replace(checkout, status="unknown", why_unknown=event.why))


def checkout_completed(changes: Changes, event: CheckoutCompleted) -> None:
    """Keep the order. The cart counts as none from here on."""
    checkout = get_open(changes, event.user_id, event.attempt_id)
    _check_resolved(changes, event.attempt_id)
    changes.put(
        replace(
            checkout,
            status="completed",
            ended_at=changes.at,
            order=event.order,
            why_unknown=None,
        )
    )


def checkout_failed(changes: Changes, event: CheckoutFailed) -> None:
    """Keep why there is no order, and the attempt if there may be one after all."""
    checkout = get_open(changes, event.user_id, event.attempt_id)
    _check_resolved(changes, event.attempt_id)
    absent = (*checkout.absent, checkout.attempt) if event.absent else checkout.absent
    changes.put(
        replace(
            checkout,
            status="failed",
            ended_at=changes.at,
            failure=event.failure,
            why_unknown=None,
            absent=absent,
        )
    )


def _check_resolved(changes: Changes, attempt_id: str) -> None:
    """Raise when the stock of an attempt would stay reserved for good."""
    held = changes.reservation(attempt_id)
    if held is not None and held.status == "active":
        msg = f"attempt {attempt_id} ended, but its stock is still reserved"
        raise InvariantViolation(msg)
