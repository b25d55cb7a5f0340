"""Our carts, as the mirror reads them and writes about them: four questions and two commands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from surestock.cart.commands import NoteMirror, Reprice
from surestock.cart.model import Cart, Checkout
from surestock.cart.refusals import Superseded
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.refusals import NotFound
from surestock.ledger.port import Envelope, Outcome
from surestock.mirror.pages import Shelf, pages_of
from surestock.mirror.patience import patiently


class CartStore(Shelf, Protocol):
    """What the mirror needs of :class:`~surestock.ledger.port.Engine`."""

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command."""
        ...

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""
        ...


class CartBook:
    """Reads carts, and records how the platform's stand to them.

    Everything here raises :class:`~surestock.kit.errors.Unavailable` when the engine cannot.
    """

    def __init__(self, store: CartStore, default_store_id: str) -> None:
        self._store = store
        self._store_id = default_store_id

    async def find_cart(self, user_id: str) -> Cart | None:
        """Return the user's cart, or None."""
        found = await self._store.find_document((Cart.KIND, user_id))
        return found if isinstance(found, Cart) else None

    async def get_cart(self, user_id: str) -> Cart:
        """Return the user's cart. Raises ``NotFound``."""
        found = await self.find_cart(user_id)
        if found is None:
            raise NotFound(f"cart of user {user_id}")
        return found

    async def find_checkout(self, cart: Cart) -> Checkout | None:
        """Return the checkout of this very cart, or None."""
        found = await self._store.find_document((Checkout.KIND, cart.user_id))
        if not isinstance(found, Checkout) or found.cart_id != cart.cart_id:
            return None
        return found

    async def pages(self, rest: Callable[[], Awaitable[None]]) -> AsyncIterator[list[Cart]]:
        """Yield all carts, some at a time, and ``rest`` in between."""
        async for page in pages_of(self._store, Cart.KIND, rest):
            yield [cart for cart in page if isinstance(cart, Cart)]

    async def reprice(self, user_id: str, actor: str, request_id: str) -> None:
        """Take over the catalog's prices. Raises the refusal, if it is one."""
        await self._store.transact(Envelope(Reprice(user_id, self._store_id), actor, request_id))

    async def note(self, command: NoteMirror, actor: str, request_id: str) -> bool:
        """Record how the platform's cart stands; False when ours is not the one any more."""
        envelope = Envelope(command, actor, request_id)
        try:
            await patiently(lambda: self._store.transact(envelope), asyncio.sleep)
        except (Superseded, NotFound):
            return False
        return True
