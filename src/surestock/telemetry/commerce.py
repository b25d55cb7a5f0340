"""What is counted of the commerce platform, of carts and of checkouts."""

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from surestock.telemetry.histogram import Histogram

_CALL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
FAILURES = (
    "PaymentDeclined",
    "InsufficientStock",
    "PriceChanged",
    "ItemNotSold",
    "ProviderConflict",
    "ProviderError",
    "ProviderUnavailable",
)
"""Why a checkout may fail; shown before it does, so that a rate sees the first."""


class CartFigures(Struct, frozen=True):
    """What is counted elsewhere: by the mirror of the carts, and by the checkouts."""

    synced: int = 0
    sync_failed: int = 0
    sync_pending: int = 0
    recreated: int = 0
    queue_refused: int = 0
    completed: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    doubted: int = 0
    resolved: int = 0
    open: int = 0
    stuck: int = 0
    closed_carts: int = 0
    dropped_carts: int = 0


class CommerceMetrics:
    """Calls by verb and outcome. ``carts`` is asked when somebody looks."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], int] = {}
        self.call_s: dict[str, Histogram] = {}
        self.carts: Callable[[], CartFigures] = CartFigures

    def expect(self, verbs: Iterable[str], outcomes: Iterable[str]) -> None:
        """Show these before they occur, so that a rate sees the first."""
        outcomes = tuple(outcomes)
        for verb in verbs:
            self.call_s[verb] = Histogram(*_CALL_S)
            self.calls |= {(verb, outcome): 0 for outcome in outcomes}

    def count(self, verb: str, outcome: str, seconds: float) -> None:
        """Count one call that ended so, after so many seconds."""
        self.calls[verb, outcome] = self.calls.get((verb, outcome), 0) + 1
        self.call_s[verb].observe(seconds)
