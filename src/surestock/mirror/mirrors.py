"""The mirror of all carts at one platform: what follows a change, and who sees to it.

A change only notes its user. One loop starts the syncs that are due, so many at a time, and owns
them; a sync that fails comes back by itself.
"""

import asyncio
from datetime import datetime

import anyio
from anyio.abc import TaskGroup
from msgspec.structs import replace

from surestock.cart.model import Cart, ExternalContext
from surestock.commerce import errors as commerce
from surestock.commerce.port import CommerceProvider, RemoteCart
from surestock.kit.clock import Clock
from surestock.mirror.agenda import Agenda
from surestock.mirror.book import CartBook, CartStore
from surestock.mirror.config import MirrorConfig
from surestock.mirror.errors import SyncFailed
from surestock.mirror.figures import MirrorFigures
from surestock.mirror.queue import UserQueue
from surestock.mirror.taking_up import TakingUp
from surestock.mirror.tending import Tending
from surestock.telemetry.log import Log


class Mirrors:
    """Keeps the platform's carts up with ours, on one event loop. :meth:`run` does the work."""

    def __init__(
        self,
        engine: CartStore,
        provider: CommerceProvider,
        queue: UserQueue,
        clock: Clock,
        log: Log,
        config: MirrorConfig | None = None,
        for_buyers: CommerceProvider | None = None,
    ) -> None:
        self._config = config or MirrorConfig()
        self._queue = queue
        self._for_buyers = for_buyers
        self._log = log
        self._monotonic = clock.monotonic
        self._agenda = Agenda(self._config.delay_s)
        self._counted = MirrorFigures()
        self._book = CartBook(engine, self._config.default_store_id)
        self._tending = Tending(
            self._book, provider, queue, clock, log, self._config, self._counted
        )
        self._running = 0
        self._wake = asyncio.Event()
        self._taking_up = TakingUp(
            self._book, self._tending, self._agenda, self._wake.set, clock, log, self._config
        )

    @property
    def figures(self) -> MirrorFigures:
        """What has been done so far, and what is left to do."""
        return replace(
            self._counted,
            refused=self._queue.refused,
            pending=len(self._agenda) + self._running,
        )

    def changed(self, user_id: str) -> None:
        """Take note of an acknowledged change: the platform is told a little later."""
        if self._agenda.changed(user_id, self._monotonic()):
            self._wake.set()

    def seen(self, user_id: str) -> None:
        """Take note that the user looked. It is recorded with the next sync, not by a write."""
        self._tending.looks.note(user_id)

    def accessed_at(self, cart: Cart) -> datetime:
        """Return when the user looked last: as the cart tells, or as memory does.

        What other processes know may be later, by up to :attr:`untold_s` seconds.
        """
        return self._tending.looks.after(cart) or cart.accessed_at

    @property
    def untold_s(self) -> float:
        """For how long a look may be known to another process alone."""
        # Twice, since it is told in the background, when the platform answers.
        return 2 * self._config.tell_looks_s if self._queue.is_shared else 0.0

    def forget(self, user_id: str, context: ExternalContext | None) -> None:
        """Let go of the platform's cart for one of ours that is gone. Best effort, never raises."""
        if context is None:
            return
        newest = self._tending.memory.renewed(user_id, context)
        if self._tending.closing.add(user_id, newest):
            self.changed(user_id)

    async def align(self, cart: Cart) -> RemoteCart:
        """Return the platform's cart once it holds ``cart`` at its prices. Records nothing.

        The caller has the user's turn, and is about to change the platform's cart himself: what is
        known of it is not believed afterwards. Raises a ``CommerceError``, or ``TurnLost``.
        """
        await self._queue.confirm(cart.user_id)
        remote = await self._tending.aligning.align(cart, validate=True, through=self._for_buyers)
        self._tending.memory.doubt(cart)
        return remote

    async def sync(self, user_id: str, actor: str, request_id: str) -> Cart:
        """Take over today's prices, and bring the platform's cart up to ours now; return ours.

        Raises ``NotFound``, ``CheckoutInProgress`` and whatever else refuses the prices;
        :class:`~surestock.mirror.errors.QueueFull`; what the engine raises; and
        :class:`~surestock.mirror.errors.SyncFailed`, which changes nothing of ours but its prices.
        """
        try:
            async with asyncio.timeout(self._config.sync_s):
                cart = await self._tending.sync(user_id, actor, request_id)
        except BaseException as error:
            self.changed(user_id)  # the background brings to its end what was begun
            if isinstance(error, TimeoutError):
                why = "The commerce platform takes too long."
                raise SyncFailed(user_id, commerce.Unavailable(why)) from error
            raise
        if not self._tending.is_synced(cart):
            self.changed(user_id)
        return cart

    async def run(self) -> None:
        """Sync what is due, until cancelled. Begins with all carts that are not synced."""
        self._running = 0
        self._agenda.nobody_under_way(self._monotonic())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._taking_up.run)
            while True:
                self._wake.clear()
                wait_s = self._start_due(tasks)
                with anyio.move_on_after(wait_s):
                    await self._wake.wait()

    def _start_due(self, tasks: TaskGroup) -> float:
        """Start what is due and finds room; return for how many seconds there is nothing to do."""
        now = self._monotonic()
        quiet_until = self._tending.healing.quiet_until
        while now >= quiet_until and self._running < self._config.at_once:
            user_id = self._agenda.try_take(now)
            if user_id is None:
                break
            self._running += 1
            tasks.start_soon(self._tend, user_id)
        if self._running >= self._config.at_once:
            return float("inf")  # whoever ends wakes us
        return max(0.0, max(quiet_until, self._agenda.next_at()) - now)

    async def _tend(self, user_id: str) -> None:
        again_at: float | None = self._monotonic()
        try:
            again_at = await self._tending.tend(user_id)
        except Exception as error:  # noqa: BLE001 - a defect that one cart meets stops no other's
            again_at = self._tending.healing.failed(user_id)
            self._counted.failed += 1
            self._log.error("a sync came upon a defect", user=user_id, exc_info=error)
        finally:
            self._running -= 1
            self._agenda.ended(user_id, self._monotonic(), again_at)
            self._wake.set()
