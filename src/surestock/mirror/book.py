"""Our carts, as the mirror reads them and writes about them: four questions and two commands."""

from typing import Protocol

from surestock.cart.commands import NoteMirror, Reprice
from surestock.cart.model import Cart, Checkout
from surestock.cart.refusals import Superseded
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.refusals import NotFound
from surestock.ledger.port import Envelope, Outcome

_PAGE = 500


class CartStore(Protocol):
    """What the mirror needs of :class:`~surestock.ledger.port.Engine`."""

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command."""
        ...

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""
        ...

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
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

    async def page(self, after: str) -> list[Cart]:
        """Return the carts of some users after ``after``, in order; none when there are no more."""
        found = await self._store.list_documents(Cart.KIND, after, _PAGE)
        return [cart for cart in found if isinstance(cart, Cart)]

    async def reprice(self, user_id: str, actor: str, request_id: str) -> None:
        """Take over the catalog's prices. Raises the refusal, if it is one."""
        await self._store.transact(Envelope(Reprice(user_id, self._store_id), actor, request_id))

    async def note(self, command: NoteMirror, actor: str, request_id: str) -> bool:
        """Record how the platform's cart stands; False when ours is not the one any more."""
        try:
            await self._store.transact(Envelope(command, actor, request_id))
        except (Superseded, NotFound):
            return False
        return True
