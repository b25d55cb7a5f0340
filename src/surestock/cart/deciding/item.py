"""What is in a cart: items come, change and go, and take over the catalog's prices."""

from surestock.cart.commands import AddItem, RemoveItem, Reprice, SetItemQuantity
from surestock.cart.deciding.current import check_current, find_current, get_current, get_item
from surestock.cart.deciding.offer import get_product, item_of
from surestock.cart.deciding.record import record
from surestock.cart.events import CartOpened, CartRepriced, ItemPut, ItemRemoved
from surestock.cart.find import find_product
from surestock.cart.model import MAX_ITEM_QTY, MOST_ITEMS, Cart, Item, Product
from surestock.cart.refusals import (
    CartFull,
    CurrencyConflict,
    PriceChange,
    PriceChanged,
    StoreConflict,
)
from surestock.cart.version import first_version, next_version
from surestock.inventory.deciding import Draft
from surestock.inventory.refusals import NotFound


def add_item(draft: Draft, command: AddItem) -> None:
    """Add to what is there of a product; the first item opens the cart."""
    user_id = command.user_id
    product = get_product(draft, command.sku)
    cart, checkout = find_current(draft, user_id)
    if cart is None:
        if command.must_exist or command.expected_version is not None:
            raise NotFound(f"cart of user {user_id}")
        _check_qty(product.sku, command.qty)
        item = item_of(product, command.qty, command.store_id, command.default_store_id)
        record(draft, CartOpened(user_id, draft.record_id, product.currency))
        record(draft, ItemPut(user_id, item, first_version(draft, user_id)))
        return
    check_current(cart, checkout, command.expected_version)
    _check_currency(cart, product)
    held = next((item for item in cart.items if item.sku == command.sku), None)
    item = _more(cart, held, product, command)
    record(draft, ItemPut(user_id, item, next_version(draft, cart)))


def _more(cart: Cart, held: Item | None, product: Product, command: AddItem) -> Item:
    qty, store_id = command.qty, command.store_id
    if held is None:
        if len(cart.items) >= MOST_ITEMS:
            raise CartFull(f"A cart holds up to {MOST_ITEMS} different items.", MOST_ITEMS)
    else:
        if held.store_id is not None:
            if store_id is not None and store_id != held.store_id:
                raise StoreConflict(held.sku, store_id, held.store_id)
            store_id = held.store_id
        qty += held.qty
    _check_qty(product.sku, qty)
    return item_of(product, qty, store_id, command.default_store_id)


def set_item_quantity(draft: Draft, command: SetItemQuantity) -> None:
    """Set how much of a product that is in the cart is wanted."""
    cart, checkout = get_current(draft, command.user_id)
    held = get_item(cart, command.sku)
    product = get_product(draft, command.sku)
    check_current(cart, checkout, command.expected_version)
    _check_currency(cart, product)
    _check_qty(command.sku, command.qty)
    item = item_of(product, command.qty, held.store_id, command.default_store_id)
    record(draft, ItemPut(command.user_id, item, next_version(draft, cart)))


def remove_item(draft: Draft, command: RemoveItem) -> None:
    """Take a product out of the cart. The last one leaves an empty cart."""
    cart, checkout = get_current(draft, command.user_id)
    get_item(cart, command.sku)
    check_current(cart, checkout, command.expected_version)
    record(draft, ItemRemoved(command.user_id, command.sku, next_version(draft, cart)))


def reprice(draft: Draft, command: Reprice) -> None:
    """Take over what the catalog says today; record nothing when it says the same."""
    cart, checkout = get_current(draft, command.user_id)
    check_current(cart, checkout, None)
    products = {item.sku: find_product(draft, item.sku) for item in cart.items}
    gone = tuple(
        PriceChange(item.sku, item.unit_price, None, cart.currency)
        for item in cart.items
        if products[item.sku] is None
    )
    if gone:
        raise PriceChanged(gone, command.user_id)
    items = []
    for item in cart.items:
        product = products[item.sku]
        assert product is not None
        _check_currency(cart, product)
        items.append(item_of(product, item.qty, item.store_id, command.default_store_id))
    if tuple(items) != cart.items:
        version = next_version(draft, cart)
        record(draft, CartRepriced(command.user_id, tuple(items), version))


def _check_currency(cart: Cart, product: Product) -> None:
    if product.currency != cart.currency:
        raise CurrencyConflict(product.sku, product.currency, cart.currency)


def _check_qty(sku: str, qty: int) -> None:
    if qty > MAX_ITEM_QTY:
        raise CartFull(
            f"A cart holds up to {MAX_ITEM_QTY} of one SKU, not {qty} of {sku}.", MAX_ITEM_QTY
        )
