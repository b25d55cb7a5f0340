"""Look up what carts are made of, as what it is, over anything that keeps documents."""

from typing import Protocol

from surestock.cart.model import Cart, Checkout, Product
from surestock.inventory.document import Document, DocumentKey


class Documents(Protocol):
    """Whatever can be asked for a document: a state, a view, or the changes over one."""

    def document(self, key: DocumentKey) -> Document | None:
        """Return the document under ``key``, or None."""
        ...


def find_product(documents: Documents, sku: str) -> Product | None:
    """Return the product of the catalog, or None."""
    found = documents.document((Product.KIND, sku))
    assert found is None or isinstance(found, Product)
    return found


def find_cart(documents: Documents, user_id: str) -> Cart | None:
    """Return the user's cart, or None. It may have been bought already, until it is closed."""
    found = documents.document((Cart.KIND, user_id))
    assert found is None or isinstance(found, Cart)
    return found


def find_checkout(documents: Documents, user_id: str) -> Checkout | None:
    """Return the user's current or last checkout, or None. It may be that of an earlier cart."""
    found = documents.document((Checkout.KIND, user_id))
    assert found is None or isinstance(found, Checkout)
    return found


def find_checkout_of(documents: Documents, cart: Cart) -> Checkout | None:
    """Return the checkout of this very cart, or None."""
    checkout = find_checkout(documents, cart.user_id)
    return checkout if checkout is not None and checkout.cart_id == cart.cart_id else None
