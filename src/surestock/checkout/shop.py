"""What every step of a checkout works with."""

from collections.abc import Awaitable, Callable

from msgspec import Struct, field

from surestock.cart.model import Cart, Checkout, CheckoutKey
from surestock.checkout.config import CheckoutConfig
from surestock.commerce.port import CommerceProvider
from surestock.idempotency import IdempotencyKey
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal
from surestock.ledger.command import Command
from surestock.ledger.port import Engine, Envelope, Outcome
from surestock.mirror.mirrors import Mirrors
from surestock.mirror.patience import patiently
from surestock.mirror.queue import UserQueue
from surestock.telemetry.log import Log

SURESTOCK = "surestock"
"""The actor on record of what nobody asked for."""


class CheckoutFigures(Struct):
    """What happened so far. ``failed`` is by the code of the failure."""

    completed: int = 0
    doubted: int = 0
    resolved: int = 0
    stuck: int = 0
    closed_carts: int = 0
    dropped_carts: int = 0
    failed: dict[str, int] = field(default_factory=dict)


class Shop(Struct, frozen=True):
    """The engine, the platform behind its guard, and the mirror between the two.

    ``sleep`` waits for so many seconds.
    """

    engine: Engine
    provider: CommerceProvider
    mirrors: Mirrors
    queue: UserQueue
    clock: Clock
    log: Log
    config: CheckoutConfig
    sleep: Callable[[float], Awaitable[None]]
    figures: CheckoutFigures = field(default_factory=CheckoutFigures)

    async def find_cart(self, user_id: str) -> Cart | None:
        """Return the user's cart, bought or not, or None."""
        found = await self.engine.find_document((Cart.KIND, user_id))
        return found if isinstance(found, Cart) else None

    async def find_checkout(self, user_id: str) -> Checkout | None:
        """Return the user's current or last checkout, or None."""
        found = await self.engine.find_document((Checkout.KIND, user_id))
        return found if isinstance(found, Checkout) else None

    async def get_checkout(self, user_id: str) -> Checkout:
        """Return the checkout that was just recorded."""
        found = await self.find_checkout(user_id)
        if found is None:
            msg = f"the checkout of {user_id} was recorded and is not there"
            raise AssertionError(msg)
        return found

    async def record(
        self,
        command: Command,
        actor: str = SURESTOCK,
        request_id: str = "checkout",
        ask: CheckoutKey | None = None,
        *,
        begins: bool = False,
    ) -> Outcome:
        """Carry a command out; ``ask`` is answered by it, now and when it is repeated.

        With ``begins``, ``ask`` is answered only if the command is refused; and when another
        process is changing the same, the client is told at once.
        """
        key = None if ask is None else IdempotencyKey(ask.key, ask.digest, ask.fingerprint)
        envelope = Envelope(command, actor, request_id, key, begins)
        if begins:
            return await self.engine.transact(envelope)
        return await patiently(lambda: self.engine.transact(envelope), self.sleep)

    async def record_end(
        self, command: Command, actor: str, request_id: str, ask: CheckoutKey | None
    ) -> Outcome:
        """Record the end of a checkout, also when its key has another answer by now.

        That is so after a clock was set forward, so that the key counted as new, and back again.
        What the platform has done is recorded nevertheless, and the key keeps its first answer.
        """
        if ask is not None:
            try:
                outcome = await self.record(command, actor, request_id, ask)
            except Refusal as refusal:
                self.log.warning("a checkout ends without its key", why=str(refusal))
            else:
                if not outcome.replayed:
                    return outcome
        return await self.record(command, actor, request_id)
