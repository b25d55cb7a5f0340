"""Who is told how calls to the platform went: the metrics and the log, or nobody."""

from typing import Literal, Protocol, TypeAlias, get_args

from surestock.commerce.errors import ERRORS
from surestock.resilience.breaker import BreakerState

Verb: TypeAlias = Literal[
    "open_cart",
    "read_cart",
    "set_quantity",
    "remove_item",
    "prepare_checkout",
    "place_order",
    "find_order",
    "close_cart",
]
VERBS: tuple[Verb, ...] = get_args(Verb)

OK = "ok"
SHED = "shed"
"""There was no place: nothing was sent."""
NOT_TRIED = "not_tried"
"""The breaker is open: nothing was sent."""
TOO_SLOW = "too_slow"
CANCELLED = "cancelled"

OUTCOMES: tuple[str, ...] = (
    *(OK, SHED, NOT_TRIED, TOO_SLOW, CANCELLED),
    *(error.__name__ for error in ERRORS),
)
"""All that ``called`` is ever told: the ones above, or the name of an error."""


class Observer(Protocol):
    """Told after the fact. It neither waits nor raises."""

    def called(self, verb: Verb, outcome: str, seconds: float) -> None:
        """One try of a verb ended so, after so many seconds."""
        ...

    def breaker(self, state: BreakerState, openings: int) -> None:
        """The breaker is in this state from now on, and has opened so often."""
        ...

    def defect(self, verb: str, error: Exception) -> None:
        """The provider raised what it must not raise; or its answer is not to be believed."""
        ...


class Nobody:
    """Looks away."""

    def called(self, verb: Verb, outcome: str, seconds: float) -> None:
        """Look away."""

    def breaker(self, state: BreakerState, openings: int) -> None:
        """Look away."""

    def defect(self, verb: str, error: Exception) -> None:
        """Look away."""
