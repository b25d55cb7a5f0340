"""Carts of the platform that nobody needs any more, let go of in the background, best effort."""

from collections import OrderedDict

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import CartExpired, CommerceError
from surestock.commerce.port import CommerceProvider
from surestock.mirror.figures import MirrorFigures
from surestock.telemetry.log import Log


class Closing:
    """Remembers up to ``most`` users' carts to close. Over that, the oldest are left to expire."""

    def __init__(
        self, provider: CommerceProvider, most: int, figures: MirrorFigures, log: Log
    ) -> None:
        self._provider = provider
        self._most = most
        self._figures = figures
        self._log = log
        self._waiting: OrderedDict[str, list[ExternalContext]] = OrderedDict()

    def __len__(self) -> int:
        """Return of how many users a cart waits."""
        return len(self._waiting)

    def add(self, user_id: str, context: ExternalContext) -> bool:
        """Note a cart of the platform; False when it is another platform's."""
        if context.provider != self._provider.name:
            return False
        waiting = self._waiting.setdefault(user_id, [])
        if all(it.external_cart_id != context.external_cart_id for it in waiting):
            waiting.append(context)
        if len(self._waiting) > self._most:
            _, left = self._waiting.popitem(last=False)
            self._figures.close_failed += len(left)
        return True

    def waits_for(self, user_id: str) -> bool:
        """Tell whether a cart of the user waits to be closed."""
        return user_id in self._waiting

    async def close(self, user_id: str, current: ExternalContext | None) -> None:
        """Close what waits of a user, but never ``current``: a platform may give a cart again.

        The caller has the user's turn. Failures are counted and logged, and not tried again.
        """
        for context in self._waiting.pop(user_id, ()):
            if current is not None and current.external_cart_id == context.external_cart_id:
                continue
            try:
                await self._provider.close_cart(context)
                self._figures.closed += 1
            except CartExpired:
                self._figures.closed += 1
            except CommerceError as error:
                self._figures.close_failed += 1
                self._log.info("a cart of the platform was not let go of", why=str(error))
