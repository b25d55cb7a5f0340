"""What settings come to, and what the engine reports: as the configuration, metrics and lines."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from surestock.database import DatabaseDown, SchemaBehind
from surestock.engine.postgres import PostgresConfig
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig, BreakerState
from surestock.runtime.errors import StartRefused
from surestock.runtime.postgres.config import postgres_config
from surestock.runtime.postgres.opening import refused_without_database
from surestock.runtime.postgres.telemetry import DatabaseTelemetry
from surestock.runtime.settings import Settings
from surestock.telemetry.log import make_log
from surestock.telemetry.metrics import Metrics

URL = "postgres://stock:opensesame@db/stock"


def configured(**settings: Any) -> PostgresConfig:
    return postgres_config(Settings(engine="postgres", database_url=URL, **settings))


def refusing(error: Exception) -> None:
    with refused_without_database():
        raise error


def test_settings_are_honoured() -> None:
    config = configured(
        idemp_ttl_ms=60_000,
        load_shed_queue_max=7,
        breaker_threshold=3,
        breaker_cooldown_ms=500,
    )
    assert config.database.url == URL
    assert config.idempotency_ttl == timedelta(minutes=1)
    assert config.max_pending == 7
    assert config.breaker == BreakerConfig(3, 0.5)


@pytest.mark.parametrize("enabled", [True, False])
def test_locks_mean_to_be_refused_at_once(*, enabled: bool) -> None:
    assert configured(locks_enabled=enabled).fail_fast == enabled


@pytest.mark.parametrize(("after_ms", "seconds"), [(1, 1), (300, 1), (1000, 1), (1001, 2)])
def test_who_is_refused_is_told_whole_seconds(after_ms: int, seconds: int) -> None:
    assert configured(lock_retry_after_ms=after_ms).retry_after_s == seconds


def test_an_error_of_the_database_refuses_the_start_and_says_what_to_do() -> None:
    with pytest.raises(StartRefused, match="does not answer: gone") as down:
        refusing(DatabaseDown("gone"))
    assert str(down.value).endswith("Start it, or correct DATABASE_URL.")
    with pytest.raises(StartRefused, match="cannot be used: run `surestock migrate`"):
        refusing(SchemaBehind("run `surestock migrate`"))


def test_what_is_no_error_of_the_database_is_a_defect() -> None:
    with pytest.raises(KeyError):
        refusing(KeyError())


def test_every_report_is_a_metric_or_a_line() -> None:
    lines: list[bytes] = []
    metrics = Metrics("postgres")
    telemetry = DatabaseTelemetry(metrics, make_log(lines.append, ManualClock(), "info"))
    telemetry.recovered(7, 0.25)
    telemetry.connected()
    telemetry.committed(3, 0.002)
    for reason in ("conflict", "lock", "lost", "lost"):
        telemetry.retried(reason)
    telemetry.failed(2)
    telemetry.breaker(BreakerState.OPEN, 1)
    assert metrics.breaker_states["database"] == "open"
    telemetry.breaker(BreakerState.HALF_OPEN, 1)
    telemetry.breaker(BreakerState.CLOSED, 1)
    assert (metrics.recovery_s, metrics.database.connections) == (0.25, 1)
    assert (metrics.commit_records.total, metrics.commit_s.total) == (3, 0.002)
    assert metrics.database.retries == {"conflict": 1, "lock": 1, "lost": 2}
    assert metrics.failed_commands == 2
    assert metrics.breaker_states["database"] == "closed"
    assert metrics.breaker_openings["database"] == 1
    assert [(line["level"], line["event"]) for line in map(msgspec.json.decode, lines)] == [
        ("info", "recovered"),
        ("error", "commands could not be committed to the database"),
        ("error", "the database does not answer; nothing is read or changed"),
        ("info", "the database answers again"),
    ]
