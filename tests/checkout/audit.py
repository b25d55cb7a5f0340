"""Records, platform and stock held against each other, and against what users were told."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, field

from surestock.cart.events import (
    CartDropped,
    CheckoutBegun,
    CheckoutCompleted,
    ItemPut,
    ItemRemoved,
)
from surestock.cart.model import Cart, Checkout
from surestock.inventory.refusals import NotFound
from surestock.ledger.port import Engine
from tests.checkout.shop import PHONE, PLAN, TestShop

STOCK = 1_000_000
PRICES = {PHONE: 49900, PLAN: 1999}


class Books(Struct):
    """What was acknowledged: the items of each cart, and the answers that each key was given."""

    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    answers: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    checkouts: int = 0
    restarts: int = 0


class Audit:
    """Looks at a service and its platform, at any time or in the end."""

    def __init__(self, engine: Engine, shop: TestShop, books: Books, idle_s: float) -> None:
        self._engine = engine
        self._shop = shop
        self._platform = shop.provider.shop
        self._books = books
        self._idle_s = idle_s

    def _placed(self) -> Iterator[str]:
        for attempt_id, order in self._platform.till.all():
            if order.state == "placed":
                yield attempt_id

    async def check(self) -> int:
        """Hold the platform's orders against our records; return how many there are."""
        begun: dict[str, str] = {}
        sold: dict[str, str] = {}
        touched: dict[str, datetime] = {}
        for record in await self._engine.records(0, 10_000_000):
            for event in record.events:
                if isinstance(event, CheckoutBegun):
                    begun[event.attempt_id] = event.cart_id
                elif isinstance(event, CheckoutCompleted):
                    sold[begun[event.attempt_id]] = event.order.order_id
                elif isinstance(event, ItemPut | ItemRemoved):
                    touched[event.user_id] = record.ts
                elif isinstance(event, CartDropped):
                    idle_s = (record.ts - touched[event.user_id]).total_seconds()
                    assert idle_s >= self._idle_s, "a cart in use was dropped"
        orders = self._platform.till.all()
        carts = [begun[attempt_id] for attempt_id, _ in orders]
        assert len(carts) == len(set(carts)), "a cart was ordered twice"
        known = {order.order_id for _, order in orders}
        assert set(sold.values()) <= known, "a checkout is completed, and there is no order"
        phones = sum(self._books.carts[cart_id].get(PHONE, 0) for cart_id in sold)
        level = await self._shop.level()
        assert level.on_hand == STOCK - phones, "stock was lost, or sold twice"
        for (user, key), answers in self._books.answers.items():
            assert len(answers) == 1, f"{user} was told of {key}: {answers}"
        await self._check_failed()
        return len(orders)

    async def _check_failed(self) -> None:
        placed = set(self._placed())
        for found in await self._engine.list_documents(Checkout.KIND, "", 10_000):
            assert isinstance(found, Checkout)
            is_absent = any(it.attempt_id == found.attempt.attempt_id for it in found.absent)
            if found.status == "failed" and not is_absent:
                assert found.attempt.attempt_id not in placed, "it failed, and there is an order"

    async def check_end(self) -> int:
        """Look at what has come of it all: nothing is reserved, and nothing was lost."""
        count = await self.check()
        assert (await self._shop.level()).reserved == 0, "stock stays reserved"
        begun: dict[str, str] = {}
        for record in await self._engine.records(0, 10_000_000):
            begun.update(
                (it.attempt_id, it.cart_id) for it in record.events if isinstance(it, CheckoutBegun)
            )
        for attempt_id, order in self._platform.till.all():
            wanted = self._books.carts[begun[attempt_id]]
            total = sum(PRICES[sku] * qty for sku, qty in wanted.items())
            assert order.total == total, f"an order of {order.total}, of a cart of {total}"
        for found in await self._engine.list_documents(Cart.KIND, "", 10_000):
            assert isinstance(found, Cart)
            wanted = self._books.carts[found.cart_id]
            assert {it.sku: it.qty for it in found.items} == wanted, "an operation was lost"
            try:
                cart = await self._shop.mirrors.sync(found.user_id, "ann", "r")
            except NotFound:
                continue  # it was idle, and swept since it was listed
            assert cart.mirror.context is not None
            remote = self._platform.read(cart.mirror.context)
            assert {line.sku: line.qty for line in remote.lines} == wanted, "carts differ"
        assert len(self._shop.desk.joined) == 0, "a key is kept for nothing"
        return count
