"""What stands before the engine: admission, the places of those who ask the worker."""

import math

from surestock.api.admission import Admission, AdmissionConfig
from surestock.kit.clock import Clock
from surestock.resilience.bucket import RateLimit
from surestock.runtime.settings import Settings
from surestock.telemetry.metrics import Metrics

_BURST_S = 2


def make_admission(settings: Settings, clock: Clock, metrics: Metrics) -> Admission:
    """Return the admission of all changes. Without RATE_LIMIT_RPS no client has a limit."""
    config = AdmissionConfig(
        slots=settings.concurrency_api,
        most_waiting=settings.load_shed_queue_max,
        rate=_rate(settings),
    )
    return Admission(config, clock.monotonic, metrics)


def _rate(settings: Settings) -> RateLimit | None:
    per_second = settings.rate_limit_rps
    if per_second is None:
        return None
    burst = settings.rate_limit_burst
    return RateLimit(per_second, math.ceil(_BURST_S * per_second) if burst is None else burst)
