"""From settings to the configuration of the log engine, for a server and for its upkeep."""

from datetime import timedelta

from surestock.engine.log import LogConfig
from surestock.journal.append import AppendConfig
from surestock.resilience.breaker import BreakerConfig
from surestock.runtime.settings import Settings

_LOG_DIRECTORY = "event-log"


def breaker_config(settings: Settings) -> BreakerConfig:
    """Return what ``settings`` say about every breaker."""
    return BreakerConfig(settings.breaker_threshold, settings.breaker_cooldown_ms / 1000)


def log_config(settings: Settings) -> LogConfig:
    """Return what ``settings`` say about the log.

    A segment is sealed after as many records as a snapshot waits for, at the latest.
    """
    append = AppendConfig(
        segment_bytes=settings.segment_bytes,
        segment_records=settings.snapshot_every_n_events,
        retry_times=settings.retry_times,
        retry_base_s=settings.retry_base_ms / 1000,
    )
    return LogConfig(
        settings.data_dir / _LOG_DIRECTORY,
        append,
        timedelta(milliseconds=settings.idemp_ttl_ms),
        settings.load_shed_queue_max,
        breaker=breaker_config(settings),
    )
