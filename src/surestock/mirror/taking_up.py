"""Carts that the platform does not have as they are, found on record: who changed them may be gone.

At a start that is all of them. Where several processes share the carts, each goes on looking for
what another one left behind when it died.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import anyio
from anyio.lowlevel import checkpoint

from surestock.cart.model import Cart
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.mirror.agenda import Agenda
from surestock.mirror.book import CartBook
from surestock.mirror.config import MirrorConfig
from surestock.mirror.pages import Unhurried
from surestock.mirror.tending import Tending
from surestock.telemetry.log import Log


class TakingUp:
    """Notes carts in the agenda, and wakes whoever works it off."""

    def __init__(
        self,
        book: CartBook,
        tending: Tending,
        agenda: Agenda,
        wake: Callable[[], None],
        clock: Clock,
        log: Log,
        config: MirrorConfig,
    ) -> None:
        self._book = book
        self._tending = tending
        self._agenda = agenda
        self._wake = wake
        self._clock = clock
        self._log = log
        self._config = config

    async def run(self) -> None:
        """Look at all carts once; if there are other processes, again and again."""
        await self._look(lambda cart: not self._tending.is_synced(cart), checkpoint)
        while self._tending.is_shared:
            await anyio.sleep(self._config.look_s)
            await self._look(self._is_left, Unhurried())

    async def _look(
        self, is_due: Callable[[Cart], bool], rest: Callable[[], Awaitable[None]]
    ) -> None:
        """Note every cart that is due. When they cannot be read, it begins again."""
        while True:
            try:
                async for page in self._book.pages(rest):
                    self._note([cart.user_id for cart in page if is_due(cart)])
            except Unavailable as error:
                self._log.info("carts cannot be looked through now", why=str(error))
                await anyio.sleep(self._config.heal_s)
            else:
                return

    def _note(self, users: list[str]) -> None:
        now = self._clock.monotonic()
        for user_id in users:
            if not self._agenda.knows(user_id):
                self._agenda.later(user_id, now)
        if users:
            self._wake()

    def _is_left(self, cart: Cart) -> bool:
        """Tell whether a cart has waited for so long that nobody seems to be about to sync it.

        A look that no other process knows of is told with a sync, too.
        """
        if self._tending.is_synced(cart):
            return self._tending.has_look_to_tell(cart)
        return self._clock.now() - cart.updated_at >= timedelta(seconds=self._config.left_s)
