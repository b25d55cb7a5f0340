"""The catalog, and what is in a cart."""

from surestock.cart.events import CartOpened, CartRepriced, ItemPut, ItemRemoved, ProductPut
from surestock.cart.evolving.check import check_item, check_price, check_room, get_changing
from surestock.cart.find import find_cart, find_checkout
from surestock.cart.model import Cart, Item, Mirror, Product
from surestock.cart.version import first_version, next_product_version
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.view import Changes


def product_put(changes: Changes, event: ProductPut) -> None:
    """Keep the product, at the version that follows."""
    check_price(event.sku, event.unit_price)
    follows = next_product_version(changes, event.sku)
    if event.version != follows:
        msg = f"version {event.version} of product {event.sku} does not follow: {follows} would"
        raise InvariantViolation(msg)
    changes.put(
        Product(
            event.sku,
            event.name,
            event.product_type,
            event.unit_price,
            event.currency,
            event.stocked,
            event.version,
            changes.at,
        )
    )


def cart_opened(changes: Changes, event: CartOpened) -> None:
    """Keep an empty cart, in the place of none or of one that was bought."""
    before = find_cart(changes, event.user_id)
    checkout = find_checkout(changes, event.user_id)
    bought = checkout is not None and checkout.status == "completed" and checkout.cart_id
    if before is not None and before.cart_id != bought:
        msg = f"user {event.user_id} has cart {before.cart_id}, which was not bought"
        raise InvariantViolation(msg)
    if checkout is not None and (checkout.is_open or checkout.cart_id == event.cart_id):
        msg = f"cart {event.cart_id} is opened beside a checkout of {checkout.cart_id}"
        raise InvariantViolation(msg)
    at, version = changes.at, first_version(changes, event.user_id)
    changes.put(Cart(event.user_id, event.cart_id, event.currency, (), version, at, at, at))


def item_put(changes: Changes, event: ItemPut) -> None:
    """Replace the item with the same SKU, or add it at the end."""
    cart = get_changing(changes, event.user_id, event.version)
    item = event.item
    check_item(item)
    items = cart.items
    for place, held in enumerate(items):
        if held.sku == item.sku:
            items = (*items[:place], item, *items[place + 1 :])
            break
    else:
        items = (*items, item)
        check_room(items)
    _keep(changes, cart, items, event.version)


def item_removed(changes: Changes, event: ItemRemoved) -> None:
    """Take the item out; the last one leaves an empty cart."""
    cart = get_changing(changes, event.user_id, event.version)
    items = tuple(item for item in cart.items if item.sku != event.sku)
    if len(items) == len(cart.items):
        msg = f"an event removes {event.sku}, which is not in the cart of user {event.user_id}"
        raise InvariantViolation(msg)
    _keep(changes, cart, items, event.version)


def cart_repriced(changes: Changes, event: CartRepriced) -> None:
    """Take over prices and names; what is wanted, and how much of it, stays."""
    cart = get_changing(changes, event.user_id, event.version)
    for item in event.items:
        check_item(item)
    if [(it.sku, it.qty) for it in event.items] != [(it.sku, it.qty) for it in cart.items]:
        msg = f"new prices for other items than those in the cart of user {event.user_id}"
        raise InvariantViolation(msg)
    _keep(changes, cart, event.items, event.version)


def _keep(changes: Changes, cart: Cart, items: tuple[Item, ...], version: int) -> None:
    at = changes.at
    changes.put(
        Cart(
            cart.user_id,
            cart.cart_id,
            cart.currency,
            items,
            version,
            cart.created_at,
            at,
            max(cart.accessed_at, at),
            _behind(cart.mirror),
        )
    )


def _behind(mirror: Mirror) -> Mirror:
    """Return how the platform's cart stands to a cart that has just changed."""
    if mirror.state == "pending" and mirror.error is None:
        return mirror
    return Mirror("pending", mirror.context, mirror.synced_version, mirror.synced_at)
