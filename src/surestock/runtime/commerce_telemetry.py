"""What the platform's guard, the mirror and the checkouts report, as metrics and log lines."""

from surestock.checkout.desk import CheckoutDesk
from surestock.commerce.observer import OUTCOMES, VERBS, Verb
from surestock.mirror.mirrors import Mirrors
from surestock.resilience.breaker import BreakerState
from surestock.telemetry.commerce import CartFigures
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics


class CommerceTelemetry:
    """Implements the guard's ``Observer``."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics = metrics
        self._log = log
        metrics.commerce.expect(VERBS, OUTCOMES)

    def watch(self, mirrors: Mirrors, checkouts: CheckoutDesk) -> None:
        """Let the metrics ask these for what they count themselves."""

        def look() -> CartFigures:
            mirror, checkout = mirrors.figures, checkouts.figures
            return CartFigures(
                synced=mirror.synced,
                sync_failed=mirror.failed,
                sync_pending=mirror.pending,
                recreated=mirror.recreated,
                queue_refused=mirror.refused,
                completed=checkout.completed,
                failed=dict(checkout.failed),
                doubted=checkout.doubted,
                resolved=checkout.resolved,
                open=checkouts.open,
                stuck=checkout.stuck,
                closed_carts=checkout.closed_carts,
                dropped_carts=checkout.dropped_carts,
            )

        self._metrics.commerce.carts = look

    def called(self, verb: Verb, outcome: str, seconds: float) -> None:
        """Count a call to the platform."""
        self._metrics.commerce.count(verb, outcome, seconds)

    def breaker(self, state: BreakerState, openings: int) -> None:
        """Tell that the platform is left alone, tried or used again."""
        self._metrics.breaker_states["commerce"] = state
        self._metrics.breaker_openings["commerce"] = openings
        if state is BreakerState.OPEN:
            self._log.error("the commerce platform fails; it is left alone for a while")
        elif state is BreakerState.CLOSED:
            self._log.info("the commerce platform answers again")

    def defect(self, verb: str, error: Exception) -> None:
        """Tell of a provider that did what it must not, without the platform's own words."""
        self._log.error(
            "the provider of the platform is at fault", verb=verb, error=type(error).__name__
        )
