"""One sync of one user's cart, from its turn in the queue to the record of how it went."""

from datetime import timedelta

from msgspec.structs import replace

from surestock.cart.commands import NoteMirror
from surestock.cart.model import Cart
from surestock.commerce.errors import CommerceError
from surestock.commerce.port import CommerceProvider, RemoteCart
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.mirror.aligning import Aligning
from surestock.mirror.book import CartBook
from surestock.mirror.closing import Closing
from surestock.mirror.config import MirrorConfig
from surestock.mirror.errors import SyncFailed, sentence_of
from surestock.mirror.figures import MirrorFigures
from surestock.mirror.healing import Healing
from surestock.mirror.memory import Looks, RemoteMemory
from surestock.mirror.queue import UserQueue
from surestock.telemetry.log import Log

_ACTOR = "surestock"
_NO_REQUEST = "-"


class Tending:
    """Syncs carts, in the background (:meth:`tend`) or because somebody asked (:meth:`sync`)."""

    def __init__(
        self,
        book: CartBook,
        provider: CommerceProvider,
        queue: UserQueue,
        clock: Clock,
        log: Log,
        config: MirrorConfig,
        figures: MirrorFigures,
    ) -> None:
        self._book = book
        self._provider = provider
        self._queue = queue
        self._clock = clock
        self._log = log
        self._config = config
        self._figures = figures
        # Another process may have changed the platform's cart since, and died before it told so.
        trust_s = 0.0 if queue.is_shared else config.validate_after_s
        self.memory = RemoteMemory(config.most_known, trust_s, clock.monotonic)
        self.healing = Healing(config, clock.monotonic)
        self.aligning = Aligning(provider, self.memory, figures, self.healing.answered)
        self.closing = Closing(provider, config.most_closing, figures, log)
        self.looks = Looks(config.most_seen, clock.now)

    @property
    def is_shared(self) -> bool:
        """Whether other processes sync carts, too."""
        return self._queue.is_shared

    def has_look_to_tell(self, cart: Cart) -> bool:
        """Tell whether the user looked here long after what is on record, and others sweep, too."""
        looked = self.looks.after(cart) if self.is_shared else None
        least = timedelta(seconds=self._config.tell_looks_s)
        return looked is not None and looked - cart.accessed_at >= least

    def is_synced(self, cart: Cart) -> bool:
        """Tell whether this platform's cart has this version of ours, as far as is recorded."""
        mirror = cart.mirror
        return (
            mirror.state == "synced"
            and mirror.synced_version == cart.version
            and mirror.context is not None
            and mirror.context.provider == self._provider.name
        )

    async def tend(self, user_id: str) -> float | None:
        """Sync the user's cart if need be; return when to come again, None when that is done.

        Never waits for the user's turn: whoever has it may be long, and others want to be synced.
        """
        try:
            async with self._queue.try_turn(user_id) as has_turn:
                if not has_turn:
                    return self._clock.monotonic() + self._config.delay_s
                again_at = await self._tend(user_id)
                if again_at is None and self.closing.waits_for(user_id):
                    return self._clock.monotonic()
                return again_at
        except Unavailable as error:
            self._log.info("a sync was put off", user=user_id, why=str(error))
            return self.healing.failed(user_id)

    async def sync(self, user_id: str, actor: str, request_id: str) -> Cart:
        """Take over today's prices, and bring the platform's cart up to ours; return ours.

        Raises ``NotFound``, ``CheckoutInProgress`` or what else refuses the prices,
        :class:`QueueFull`, :class:`SyncFailed`, and what the engine raises.
        """
        async with self._queue.turn(user_id):
            await self._book.reprice(user_id, actor, request_id)
            cart = await self._book.get_cart(user_id)
            await self._queue.confirm(user_id)
            try:
                remote = await self.aligning.align(cart, validate=True)
            except CommerceError as error:
                await self._note_failure(cart, error, actor, request_id)
                raise SyncFailed(user_id, error) from error
            await self._note_success(cart, remote, actor, request_id)
            return await self._book.get_cart(user_id)

    async def _tend(self, user_id: str) -> float | None:
        cart = await self._book.find_cart(user_id)
        checkout = None if cart is None else await self._book.find_checkout(cart)
        if checkout is not None and checkout.is_open:
            # Frozen. And what waits to be closed here may be what another process orders from.
            return self._clock.monotonic() + self._config.heal_s
        if self.closing.waits_for(user_id) or (cart is not None and self._is_behind(cart)):
            await self._queue.confirm(user_id)
        await self.closing.close(user_id, None if cart is None else self.memory.context_of(cart))
        if cart is None:
            self.memory.forget(user_id)
        if cart is None or not self._is_behind(cart):
            self.healing.forget(user_id)
            return None
        if checkout is not None and checkout.status == "completed":
            return None  # there would be a second one like it at the platform
        try:
            remote = await self.aligning.align(cart, validate=False)
        except CommerceError as error:
            again_at = self.healing.failed(user_id, error)
            if not self.is_synced(cart):
                await self._note_failure(cart, error, _ACTOR, _NO_REQUEST)
            return again_at
        await self._note_success(cart, remote, _ACTOR, _NO_REQUEST)
        return None

    def _is_behind(self, cart: Cart) -> bool:
        return not self.is_synced(cart) or self.has_look_to_tell(cart)

    async def _note_success(
        self, cart: Cart, remote: RemoteCart, actor: str, request_id: str
    ) -> None:
        self.healing.succeeded(cart.user_id)
        note = NoteMirror(cart.user_id, cart.cart_id, remote.context, synced_version=cart.version)
        if await self._note(cart, note, actor, request_id):
            self._figures.synced += 1

    async def _note_failure(
        self, cart: Cart, error: CommerceError, actor: str, request_id: str
    ) -> None:
        """Record why the platform has not this version, unless that is recorded already."""
        self._figures.failed += 1
        why = sentence_of(error)
        if cart.mirror.state == "failed" and cart.mirror.error == why:
            return
        self._log.info("a cart was not synced", user=cart.user_id, why=str(error))
        context = self.memory.context_of(cart)
        note = NoteMirror(cart.user_id, cart.cart_id, context, error=why)
        await self._note(cart, note, actor, request_id)

    async def _note(self, cart: Cart, note: NoteMirror, actor: str, request_id: str) -> bool:
        """Record ``note``, and when the user looked; tell whether the cart is still there."""
        looked = self.looks.after(cart)
        if await self._book.note(replace(note, accessed_at=looked), actor, request_id):
            return True
        # It was let go of while its mirror was made, so nobody else may know of that one.
        self.memory.forget(cart.user_id)
        if note.context is not None:
            self.closing.add(cart.user_id, note.context)
        return False
