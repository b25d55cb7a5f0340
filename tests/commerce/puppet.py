"""A provider that does what a test says, and a note of what the guard tells of it."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from surestock.cart.model import ExternalContext
from surestock.commerce.guard import Guard
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.observer import Verb
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerState

CONTEXT = ExternalContext("puppet", "cart-1", {"key": "k"})
LINE = RemoteLine("line-1", "phone", 1, 100)
CART = RemoteCart(CONTEXT, (LINE,), "EUR", 100)
ORDER = PlacedOrder("order-1", "O1", "placed", 100, "EUR")
REQUEST = OrderRequest("att-1", "EUR", 100)

Act: TypeAlias = Any
"""What a call does: raise an exception, await what a function makes, or return anything else."""

CALLS: dict[Verb, Callable[[Any], Awaitable[Any]]] = {
    "open_cart": lambda provider: provider.open_cart("EUR", "cart"),
    "read_cart": lambda provider: provider.read_cart(CONTEXT),
    "set_quantity": lambda provider: provider.set_quantity(
        CONTEXT, WantedItem("phone", 1, 100, "Phone", "device"), LINE
    ),
    "remove_item": lambda provider: provider.remove_item(CONTEXT, LINE),
    "prepare_checkout": lambda provider: provider.prepare_checkout(CONTEXT, REQUEST),
    "place_order": lambda provider: provider.place_order(CONTEXT, REQUEST),
    "find_order": lambda provider: provider.find_order(CONTEXT, "att-1"),
    "close_cart": lambda provider: provider.close_cart(CONTEXT),
}
"""How each verb is called."""

REPEATED: list[Verb] = [verb for verb in CALLS if verb != "place_order"]

_USUAL: dict[str, Act] = {"place_order": ORDER, "find_order": None, "close_cart": None}


class Puppet:
    """Does the next of ``acts``; with none left, what is right for the verb."""

    def __init__(self, *acts: Act) -> None:
        self.name = "puppet"
        self.capabilities = Capabilities(idempotent_place=False, stock="none")
        self.acts = list(acts)
        self.calls: list[str] = []

    def __getattr__(self, verb: str) -> Callable[..., Awaitable[Any]]:
        async def call(*_: object) -> Any:
            self.calls.append(verb)
            act = self.acts.pop(0) if self.acts else _USUAL.get(verb, CART)
            if isinstance(act, BaseException):
                raise act
            return await act() if callable(act) else act

        return call


class Notes:
    """An observer with a memory."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.breaker_states: list[str] = []
        self.defects: list[str] = []

    def called(self, verb: Verb, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.outcomes.append(outcome)

    def breaker(self, state: BreakerState, openings: int) -> None:
        self.breaker_states.append(f"{state.value} {openings}")

    def defect(self, verb: str, error: Exception) -> None:
        self.defects.append(f"{verb} {type(error).__name__}")


class Rig:
    """A puppet, guarded. Pauses between tries pass at once, and are noted."""

    def __init__(self, *acts: Act, config: GuardConfig | None = None) -> None:
        self.puppet = Puppet(*acts)
        self.notes = Notes()
        self.clock = ManualClock()
        self.pauses: list[float] = []
        self.guard = Guard(
            self.puppet,  # type: ignore[arg-type]  # its verbs are made when they are asked for
            config or GuardConfig(),
            self.clock,
            self.notes,
            self._sleep,
        )

    async def call(self, verb: Verb) -> Any:
        """Call a verb through the guard."""
        return await CALLS[verb](self.guard)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
