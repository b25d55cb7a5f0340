"""Why a command about a cart was declined. Each carries what a client needs to go on."""

from msgspec import Struct

from surestock.cart.model import Cart, Checkout, Product
from surestock.kit.errors import Refusal


class CartConflict(Refusal):
    """The cart has another version than the client expected. ``checkout`` is the user's last."""

    def __init__(
        self, expected_version: int, current: Cart, checkout: Checkout | None = None
    ) -> None:
        super().__init__(
            f"The cart of user {current.user_id} was expected to have version {expected_version}, "
            f"but has version {current.version}."
        )
        self.expected_version = expected_version
        self.current = current
        self.checkout = checkout


class ProductConflict(Refusal):
    """The product has another version than the client expected; 0 stands for none at all."""

    def __init__(self, expected_version: int, current: Product) -> None:
        wanted = f"to have version {expected_version}" if expected_version else "to be new"
        super().__init__(
            f"Product {current.sku} was expected {wanted}, but has version {current.version}."
        )
        self.expected_version = expected_version
        self.current = current


class CurrencyConflict(Refusal):
    """A cart holds one currency, and this product is sold in another."""

    def __init__(self, sku: str, currency: str, cart_currency: str) -> None:
        super().__init__(
            f"Product {sku} is sold in {currency}, and the cart is in {cart_currency}. "
            "Check one currency out, or drop the cart, before the other."
        )
        self.currency = currency
        self.cart_currency = cart_currency


class StoreConflict(Refusal):
    """The cart takes this SKU from another store already."""

    def __init__(self, sku: str, store_id: str, held: str) -> None:
        super().__init__(
            f"The cart takes SKU {sku} from store {held}, not {store_id}. Remove the item first."
        )
        self.store_id = store_id
        self.held = held


class CartFull(Refusal):
    """The cart cannot hold more items, or not so many of one."""

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class CartEmpty(Refusal):
    """There is nothing in the cart to check out."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"The cart of user {user_id} is empty. Add an item first.")


class PriceChange(Struct, frozen=True, rename="camel"):
    """An item whose price is another one by now. ``new`` of None: it is not sold any more."""

    sku: str
    old: int
    new: int | None
    currency: str


class PriceChanged(Refusal):
    """Prices are not what the user was shown. Nothing was bought.

    What is not sold any more stands in no price list: only its removal helps.
    """

    def __init__(self, changes: tuple[PriceChange, ...], user_id: str) -> None:
        gone = [change.sku for change in changes if change.new is None]
        remove = f"Remove what is not sold any more ({', '.join(gone)}). " if gone else ""
        super().__init__(
            f"{len(changes)} of the prices in the cart changed since it was shown. {remove}Take "
            f"them over with POST /carts/{user_id}/sync, show them, and check out again."
        )
        self.changes = changes


class CheckoutInProgress(Refusal):
    """The cart is being checked out, so it cannot change."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(
            f"The cart of user {checkout.user_id} is being checked out and cannot change until "
            f"that has ended. GET /carts/{checkout.user_id}/checkout tells when."
        )
        self.checkout = checkout


class Superseded(Refusal):
    """What a step of Surestock's own was about is not current any more. No client sees this."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not current any more.")
