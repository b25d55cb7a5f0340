"""How the platform's cart stands to ours."""

from surestock.cart.commands import NoteMirror
from surestock.cart.deciding.record import record
from surestock.cart.events import CartSynced, CartSyncFailed
from surestock.cart.find import find_cart
from surestock.cart.refusals import Superseded
from surestock.inventory.deciding import Draft
from surestock.inventory.invariants import InvariantViolation


def note_mirror(draft: Draft, command: NoteMirror) -> None:
    """Record that the platform has a version of ours, or why it has not."""
    cart = find_cart(draft, command.user_id)
    if cart is None or cart.cart_id != command.cart_id:
        raise Superseded(f"Cart {command.cart_id}")
    if command.error is not None:
        record(
            draft,
            CartSyncFailed(
                command.user_id,
                command.cart_id,
                command.error,
                command.context,
                command.accessed_at,
            ),
        )
        return
    if command.synced_version is None:
        msg = "a note on the platform's cart names neither a version nor an error"
        raise InvariantViolation(msg)
    record(
        draft,
        CartSynced(
            command.user_id,
            command.cart_id,
            command.synced_version,
            command.context,
            command.accessed_at,
        ),
    )
