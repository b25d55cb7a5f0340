"""Let the platform's cart hold what ours does, whatever became of it meanwhile."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from surestock.cart.model import Cart
from surestock.commerce.errors import CartExpired
from surestock.commerce.port import CommerceProvider, RemoteCart
from surestock.mirror.context import live_cart, own_context
from surestock.mirror.figures import MirrorFigures
from surestock.mirror.memory import RemoteMemory
from surestock.mirror.reconcile import check_prices, reconcile


class Aligning:
    """Aligns carts at one platform, and remembers the answers. ``answered`` is told of each."""

    def __init__(
        self,
        provider: CommerceProvider,
        memory: RemoteMemory,
        figures: MirrorFigures,
        answered: Callable[[], None],
    ) -> None:
        self._provider = provider
        self._memory = memory
        self._figures = figures
        self._answered = answered

    async def align(
        self, cart: Cart, *, validate: bool, through: CommerceProvider | None = None
    ) -> RemoteCart:
        """Return the platform's cart, once it holds what ``cart`` does, at the same prices.

        The caller has the user's turn. Unless ``validate``, an answer that is fresh is believed,
        and the cart is not read first. A cart that expires under way is made again, once. The calls
        go ``through`` another way to the platform, if one is given.

        Raises a ``CommerceError``; the platform's cart may be changed in part then.
        """
        provider = through or self._provider
        before = own_context(provider, cart)
        remote = None if validate or before is None else self._memory.find(cart)
        self._memory.doubt(cart)
        remote = await self._bring_up(provider, cart, remote)
        if before is not None and before.external_cart_id != remote.context.external_cart_id:
            self._figures.recreated += 1
        check_prices(cart.items, remote)
        self._memory.believe(cart, remote)
        return remote

    async def _bring_up(
        self, provider: CommerceProvider, cart: Cart, remote: RemoteCart | None
    ) -> RemoteCart:
        learn = partial(self._learn, cart)
        try:
            if remote is None:
                newest = replace(cart.mirror, context=self._memory.context_of(cart))
                remote = await live_cart(provider, replace(cart, mirror=newest))
                learn(remote)
            return await reconcile(provider, remote, cart.items, cart.currency, learn)
        except CartExpired:
            remote = await provider.open_cart(cart.currency, cart.cart_id)
        learn(remote)
        return await reconcile(provider, remote, cart.items, cart.currency, learn)

    def _learn(self, cart: Cart, remote: RemoteCart) -> None:
        self._answered()
        self._memory.learn(cart, remote)
