"""What goes wrong next at the simulated platform: by a test's word, or by seeded chance."""

import hashlib
from asyncio import Event
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeAlias

from msgspec import Struct

from surestock.commerce.errors import CartExpired, CommerceError, OutcomeUnknown, Unavailable
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.till import Delay

MakeError: TypeAlias = Callable[[], Exception]

_NEEDS_A_CART = {"read_cart", "set_quantity", "remove_item", "prepare_checkout"}


def failure() -> CommerceError:
    """Return the error of a call that was not carried out."""
    return Unavailable("The simulated platform failed.")


def loss() -> CommerceError:
    """Return the error of an order whose answer was lost."""
    return OutcomeUnknown("The simulated platform lost the answer.")


def _gone() -> CommerceError:
    return CartExpired("The simulated platform has forgotten the cart.")


class Fault(Struct, frozen=True):
    """An error, and whether what was asked for is carried out before it."""

    make_error: MakeError
    carried_out: bool = False
    delay: Delay = Delay()


def draws(seed: int) -> Iterator[float]:
    """Yield numbers in [0, 1), the same ones for a seed in every run."""
    for number in count():
        digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()
        yield int.from_bytes(digest) / 2**64


class Script:
    """Told by tests what to do wrong. ``down``: nothing is carried out until it is false again.

    A fault is for the ``call``-th call of a verb from now on, the first being 1.
    """

    def __init__(self, config: SimulatedConfig, draw: Callable[[], float]) -> None:
        self._config = config
        self._draw = draw
        self._planned: dict[str, list[tuple[int, Fault]]] = {}
        self._gates: dict[str, Event] = {}
        self.calls: dict[str, int] = {}
        self.down = False

    def fail(
        self,
        verb: str,
        make_error: MakeError = failure,
        *,
        call: int = 1,
        times: int = 1,
        carried_out: bool = False,
    ) -> None:
        """Let calls of a verb end in an error, before or after they are carried out."""
        fault = Fault(make_error, carried_out)
        self._plan(verb, call, times, fault)

    def lose_answer(self, *, call: int = 1, times: int = 1) -> None:
        """Let an order be accepted, and its answer get lost."""
        self._plan("place_order", call, times, Fault(loss, carried_out=True))

    def lose_request(self, *, call: int = 1, times: int = 1) -> None:
        """Let an order get lost on its way: nobody knows, and there will be none."""
        self._plan("place_order", call, times, Fault(loss))

    def accept_late(self, *, seconds: float = 0.0, asks: int = 0, call: int = 1) -> None:
        """Let an order be accepted, but be seen only so much later and after so many asks."""
        fault = Fault(loss, carried_out=True, delay=Delay(seconds, asks))
        self._plan("place_order", call, 1, fault)

    def hold(self, verb: str) -> Event:
        """Let calls of a verb wait until the event is set that is returned."""
        return self._gates.setdefault(verb, Event())

    async def pass_gate(self, verb: str) -> None:
        """Count a call, and wait where the verb is held."""
        self.calls[verb] = self.calls.get(verb, 0) + 1
        gate = self._gates.get(verb)
        if gate is not None:
            await gate.wait()

    def find_fault(self, verb: str) -> Fault | None:
        """Return what goes wrong with this call, and forget it."""
        if self.down:
            return Fault(failure)
        return self._find_planned(verb) or self._find_drawn(verb)

    def _plan(self, verb: str, call: int, times: int, fault: Fault) -> None:
        if call < 1 or times < 1:
            raise ValueError(f"call {call}, {times} times: the first call is 1")
        planned = self._planned.setdefault(verb, [])
        planned.extend((number, fault) for number in range(call, call + times))

    def _find_planned(self, verb: str) -> Fault | None:
        planned = self._planned.pop(verb, None)
        if planned is None:
            return None
        due = [fault for number, fault in planned if number == 1]
        later = [(number - 1, fault) for number, fault in planned if number > 1]
        if later:
            self._planned[verb] = later
        return due[0] if due else None

    def _find_drawn(self, verb: str) -> Fault | None:
        config = self._config
        if config.fails and self._draw() < config.fails:
            return Fault(failure)
        if verb != "place_order":
            forgets = verb in _NEEDS_A_CART and config.forgets and self._draw() < config.forgets
            return Fault(_gone) if forgets else None
        if config.loses and self._draw() < config.loses:
            return Fault(loss, carried_out=True)
        if config.late and self._draw() < config.late:
            return Fault(loss, carried_out=True, delay=Delay(seconds=config.late_s))
        return None
