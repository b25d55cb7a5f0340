"""Two users, a platform and other clients at one shop, in any order. Insists on what must hold.

Each command goes to the shop; whatever refuses it must have changed nothing. Attempts are named as
they are, as they were before, or by nobody's id.
"""

from collections import Counter

import msgspec

from surestock.cart import events as ev
from surestock.cart.find import find_cart, find_checkout
from surestock.cart.model import Cart, Checkout
from surestock.cart.reply import cart_body, checkout_body
from surestock.inventory.commands import ReservationCommand
from surestock.kit.errors import Refusal
from surestock.ledger.command import Command
from surestock.ledger.record import Record, encode_record
from tests.cart.shop import ANN, BOB, PHONE, SECRET, Shop, open_shop

USERS = (ANN, BOB)
CASE = ("online", "case")
_CHANGES = (ev.ItemPut, ev.ItemRemoved, ev.CartRepriced)


class Desk:
    """A shop at which everything is sent, with what was seen there so far."""

    def __init__(self) -> None:
        self.shop = open_shop()
        self.attempts = ["nobody"]
        self.carts = ["nothing"]
        self.versions: Counter[str] = Counter()
        self.orders: Counter[str] = Counter()
        self.sold: Counter[tuple[str, str]] = Counter()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def send(self, command: Command) -> None:
        """Send a command, and check what it did."""
        shop = self.shop
        frozen = {user_id: self._frozen(user_id) for user_id in USERS}
        count = len(shop.records)
        before = (dict(shop.levels), dict(shop.reservations), dict(shop.documents))
        try:
            shop.do(command)
        except Refusal as refusal:
            self.refused[type(refusal).__name__] += 1
            assert (shop.levels, shop.reservations, shop.documents) == before
            return
        # Every reservation here is a checkout's, so no client may ever have decided about one.
        assert not isinstance(command, ReservationCommand)
        self.done[type(command).__name__] += 1
        for record in shop.records[count:]:
            self._take_note(record)
        for user_id, cart in frozen.items():
            if cart is not None and self._frozen(user_id) is not None:
                assert _content(shop.cart(user_id)) == _content(cart)
        self.check()

    def _frozen(self, user_id: str) -> Cart | None:
        checkout = find_checkout(self.shop, user_id)
        return self.shop.cart(user_id) if checkout is not None and checkout.is_open else None

    def _take_note(self, record: Record) -> None:
        for event in record.events:
            if isinstance(event, ev.CheckoutBegun):
                self.attempts.append(event.attempt_id)
            elif isinstance(event, ev.CartOpened):
                self.carts.append(event.cart_id)
                last = find_checkout(self.shop, event.user_id)
                self.versions[event.cart_id] = 0 if last is None else last.attempt.version
            elif isinstance(event, ev.CheckoutCompleted):
                checkout = self.shop.checkout(event.user_id)
                self.orders[checkout.cart_id] += 1
                held = self.shop.reservations.get(event.attempt_id)
                for line in () if held is None else held.committed:
                    self.sold[line.key] += line.qty
        for user_id in {event.user_id for event in record.events if isinstance(event, _CHANGES)}:
            self.versions[self.shop.cart(user_id).cart_id] += 1

    def check(self) -> None:
        """Insist on what must hold at any time."""
        shop = self.shop
        open_attempts = set()
        for user_id in USERS:
            cart, checkout = find_cart(shop, user_id), find_checkout(shop, user_id)
            if cart is not None:
                assert cart.version == self.versions[cart.cart_id]
                body = cart_body(cart, checkout)
                assert body.totals.subtotal == sum(item.line_total for item in body.items)
                assert len({item.sku for item in cart.items}) == len(cart.items)
                self._check_public(body)
            if checkout is not None:
                self._check_public(checkout_body(checkout))
                if checkout.is_open:
                    assert cart is not None
                    assert cart.cart_id == checkout.cart_id
                    if checkout.attempt.reserved:
                        open_attempts.add(checkout.attempt.attempt_id)
        active = [held for held in shop.reservations.values() if held.status == "active"]
        assert {held.reservation_id for held in active} == open_attempts
        for key in (PHONE, CASE):
            level = shop.levels.get(key)
            reserved = sum(line.qty for held in active for line in held.lines if line.key == key)
            assert (0 if level is None else level.reserved) == reserved
        assert shop.levels[PHONE].on_hand == 10 - self.sold[PHONE]
        assert all(count == 1 for count in self.orders.values())
        assert all(SECRET.encode() not in bytes(reply.body) for reply in shop.replies[-1:])

    def _check_public(self, body: object) -> None:
        assert SECRET.encode() not in msgspec.json.encode(body)

    def replayed(self) -> Shop:
        """Return a shop that was rebuilt from the records alone."""
        again = Shop()
        for record in self.shop.records:
            back = msgspec.json.decode(encode_record(record), type=Record)
            changes = again.replay(back)
            assert tuple(changes.levels.values()) == back.levels
        return again

    def current(self, user_id: str) -> Checkout | None:
        """Return the user's checkout, or None."""
        return find_checkout(self.shop, user_id)


def _content(cart: Cart) -> object:
    return (cart.cart_id, cart.items, cart.version, cart.updated_at)
