"""What stands before the engine: admission, and the keys of those who are let in."""

import math

from surestock.access.watch import WatchedKeys
from surestock.api.admission import Admission, AdmissionConfig
from surestock.kit.clock import Clock
from surestock.resilience.bucket import RateLimit
from surestock.runtime.settings import Settings
from surestock.telemetry.log import Log
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


def make_keys(settings: Settings, log: Log) -> WatchedKeys | None:
    """Return the keys, read once; None without API_KEYS_FILE: then nobody needs one.

    Raises :class:`~surestock.access.errors.KeysFileUnusable`.
    """
    if settings.api_keys_file is None:
        return None
    keys = WatchedKeys(settings.api_keys_file, log)
    keys.load()
    return keys


def tell_access(keys: WatchedKeys | None, log: Log) -> None:
    """Say in the log who may do what."""
    if keys is None:
        log.warning("nobody needs an API key, so only this machine is served")
    elif not keys.valid:
        log.warning("no API key is valid, so nobody is served but the probes")


def _rate(settings: Settings) -> RateLimit | None:
    per_second = settings.rate_limit_rps
    if per_second is None:
        return None
    burst = settings.rate_limit_burst
    return RateLimit(per_second, math.ceil(_BURST_S * per_second) if burst is None else burst)
