"""How the platform's cart stands to ours. The version is that of the items, so it stays."""

from datetime import datetime

from msgspec.structs import replace

from surestock.cart.events import CartSynced, CartSyncFailed
from surestock.cart.evolving.check import get_cart
from surestock.cart.model import Cart, Mirror, SyncState
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.view import Changes


def cart_synced(changes: Changes, event: CartSynced) -> None:
    """Keep which version the platform has: if ours has gone on since, more is pending."""
    cart = get_cart(changes, event.user_id, event.cart_id)
    if not 0 <= event.synced_version <= cart.version:
        msg = (
            f"version {event.synced_version} of cart {cart.cart_id} was synced before there is one"
        )
        raise InvariantViolation(msg)
    state: SyncState = "synced" if event.synced_version == cart.version else "pending"
    mirror = Mirror(state, event.context, event.synced_version, changes.at)
    _keep(changes, cart, mirror, event.accessed_at)


def cart_sync_failed(changes: Changes, event: CartSyncFailed) -> None:
    """Keep why the platform has no newer version than it had."""
    cart = get_cart(changes, event.user_id, event.cart_id)
    old = cart.mirror
    mirror = Mirror("failed", event.context, old.synced_version, old.synced_at, event.error)
    _keep(changes, cart, mirror, event.accessed_at)


def _keep(changes: Changes, cart: Cart, mirror: Mirror, accessed_at: datetime | None) -> None:
    seen = cart.accessed_at if accessed_at is None else max(cart.accessed_at, accessed_at)
    changes.put(replace(cart, mirror=mirror, accessed_at=seen))
