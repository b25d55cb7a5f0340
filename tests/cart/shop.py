"""A shop kept by hand: a catalog, stock, carts and checkouts, and each answer that was given.

It insists on one thing by itself: a rule looks at nothing whose key was not named beforehand.
"""

from datetime import datetime
from typing import Any

import msgspec

from surestock.cart.commands import (
    AddItem,
    BeginCheckout,
    BeginPlacing,
    CompleteCheckout,
    DoubtCheckout,
    FailCheckout,
    PutProduct,
)
from surestock.cart.find import find_cart, find_checkout
from surestock.cart.model import Cart, Checkout, ExternalContext, Failure, Order
from surestock.inventory.commands import CountStock
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.model import Level, StockKey
from surestock.inventory.reply import Reply
from surestock.ledger.command import Command
from surestock.ledger.decide import decide
from surestock.ledger.keys import keys_of
from surestock.ledger.record import Record
from surestock.ledger.reply import reply_to
from tests.inventory.book import Book

ANN, BOB = "ann", "bob"
PHONE: StockKey = ("online", "phone")
PLAN = "plan"
SECRET = "opens-the-cart"
CONTEXT = ExternalContext("shop", "ext-1", {"token": SECRET})
ORDER = Order("o-1", "1001", 119_00, "EUR")
DECLINED = Failure("PaymentDeclined", "The card was declined.", {"tries": 2})


class Shop(Book):
    """A book that also keeps ``replies``, the last one last."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Reply] = []
        self.looked_at: set[tuple[str, str]] = set()

    def level(self, key: StockKey) -> Level | None:
        self.looked_at.add(key)
        return super().level(key)

    def document(self, key: DocumentKey) -> Document | None:
        self.looked_at.add(key)
        return super().document(key)

    def do(self, command: Command) -> Record:
        """Decide ``command``, put its changes into the book, and return the record.

        Nothing to do makes no record, but an answer; then the last record is returned.
        """
        sequence = len(self.records) + 1
        now = self.clock.now()
        keys = keys_of(self, command, now)
        assert keys == sorted(set(keys))
        self.looked_at.clear()
        decision = decide(self, command, now, f"r{sequence}")
        self.replies.append(reply_to(command, decision, f"r{sequence}", sequence))
        assert self.looked_at <= set(keys)
        assert set(decision.documents) | set(decision.levels) <= set(keys)
        if decision.events:
            levels = tuple(decision.levels.values())
            record = Record(sequence, f"r{sequence}", now, "ann", tuple(decision.events), levels)
            self.records.append(record)
            self._take_over(decision)
        return self.records[-1]

    def cart(self, user_id: str = ANN) -> Cart:
        """Return a cart that must be there."""
        found = find_cart(self, user_id)
        assert found is not None
        return found

    def checkout(self, user_id: str = ANN) -> Checkout:
        """Return a checkout that must be there."""
        found = find_checkout(self, user_id)
        assert found is not None
        return found

    def attempt(self, user_id: str = ANN) -> str:
        """Return the id of the user's attempt."""
        return self.checkout(user_id).attempt.attempt_id

    def wants(self, user_id: str = ANN) -> dict[str, int]:
        """Return the quantities in the user's cart."""
        return {item.sku: item.qty for item in self.cart(user_id).items}

    @property
    def body(self) -> Any:
        """The JSON of the last answer."""
        return msgspec.json.decode(self.replies[-1].body)

    @property
    def now(self) -> datetime:
        """The time on the clock."""
        return self.clock.now()


def put(sku: str, price: int = 100_00, *, stocked: bool = False, **more: Any) -> PutProduct:
    """Name a product."""
    currency = more.pop("currency", "EUR")
    return PutProduct(sku, sku.title(), "device", price, currency, stocked, **more)


def open_shop() -> Shop:
    """Return a shop with a phone, of which 10 are there, a plan, and nobody in it."""
    shop = Shop()
    shop.do(put("phone", stocked=True))
    shop.do(put(PLAN, 10_00))
    shop.do(CountStock(*PHONE, 10))
    return shop


def with_cart(phones: int = 2, plans: int = 1, user_id: str = ANN) -> Shop:
    """Return a shop in which somebody wants phones, and plans."""
    shop = open_shop()
    if phones:
        shop.do(AddItem(user_id, "phone", phones))
    if plans:
        shop.do(AddItem(user_id, PLAN, plans))
    return shop


def begun(phones: int = 2, plans: int = 1) -> Shop:
    """Return a shop in which somebody is checking out."""
    shop = with_cart(phones, plans)
    shop.do(BeginCheckout(ANN))
    return shop


def place(shop: Shop, user_id: str = ANN) -> Record:
    """Let the user's attempt be placed."""
    return shop.do(BeginPlacing(user_id, shop.attempt(user_id), CONTEXT))


def complete(shop: Shop, user_id: str = ANN) -> Record:
    """Let the user's attempt come to an order."""
    return shop.do(CompleteCheckout(user_id, shop.attempt(user_id), ORDER))


def fail(shop: Shop, user_id: str = ANN, *, absent: bool = False) -> Record:
    """Let the user's attempt fail."""
    return shop.do(FailCheckout(user_id, shop.attempt(user_id), DECLINED, absent))


def doubt(shop: Shop, user_id: str = ANN) -> Record:
    """Let nobody know about the user's attempt."""
    return shop.do(DoubtCheckout(user_id, shop.attempt(user_id), "No answer came."))
