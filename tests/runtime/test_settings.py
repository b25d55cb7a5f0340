"""The settings: every variable of the contract, all faults at once, nothing silently ignored."""

from pathlib import Path

import pytest

from surestock.commerce.providers import DEFAULT
from surestock.runtime.errors import StartRefused
from surestock.runtime.settings import Settings, read_settings

CONTRACT = [
    "PORT",
    "HOST",
    "ENGINE",
    "DATA_DIR",
    "DATABASE_URL",
    "CONCURRENCY_API",
    "CONCURRENCY_SYNC",
    "RATE_LIMIT_RPS",
    "RATE_LIMIT_BURST",
    "BREAKER_THRESHOLD",
    "BREAKER_COOLDOWN_MS",
    "RETRY_BASE_MS",
    "RETRY_TIMES",
    "SNAPSHOT_EVERY_N_EVENTS",
    "LOAD_SHED_QUEUE_MAX",
    "IDEMP_TTL_MS",
    "SYNC_INTERVAL_MS",
    "LOCKS_ENABLED",
    "LOCK_TTL_MS",
    "LOCK_RENEW_MS",
    "LOCK_DIR",
    "LOCK_REJECT_STATUS",
    "LOCK_RETRY_AFTER_MS",
    "LOCK_OWNER_ID",
    "COMMERCE_PROVIDER",
    "API_KEYS_FILE",
    "LOG_LEVEL",
]
BEYOND_IT = [
    "SEGMENT_BYTES",
    "ARCHIVE",
    "SHUTDOWN_TIMEOUT_MS",
    "COMMERCE_CONFIG_FILE",
    "CART_STORE_ID",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CONTRACT, *BEYOND_IT):
        monkeypatch.delenv(name, raising=False)


def test_every_variable_of_the_contract_is_a_setting() -> None:
    assert {name.lower() for name in [*CONTRACT, *BEYOND_IT]} == set(Settings.model_fields)


def test_an_empty_environment_has_the_defaults_of_the_contract() -> None:
    settings = read_settings()
    assert (settings.port, settings.host, settings.engine) == (3000, "127.0.0.1", "log")
    assert settings.data_dir == Path("data")
    assert settings.idemp_ttl_ms == 24 * 60 * 60 * 1000
    assert settings.sync_interval_ms == 15_000
    assert (settings.snapshot_every_n_events, settings.archive) == (500_000, True)
    assert (settings.locks_enabled, settings.lock_ttl_ms, settings.lock_renew_ms) == (
        False,
        2000,
        1000,
    )
    assert (settings.lock_dir, settings.lock_owner_id) == (None, None)
    assert (settings.lock_reject_status, settings.lock_retry_after_ms) == (503, 300)
    assert settings.commerce_provider == DEFAULT


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8080")
    monkeypatch.setenv("ENGINE", "memory")
    monkeypatch.setenv("HOST", "")
    settings = read_settings()
    assert (settings.port, settings.engine, settings.host) == (8080, "memory", "127.0.0.1")
    monkeypatch.setenv("ARCHIVE", "off")
    monkeypatch.setenv("SYNC_INTERVAL_MS", "10")
    settings = read_settings()
    assert (settings.archive, settings.sync_interval_ms) == (False, 10)
    monkeypatch.setenv("COMMERCE_PROVIDER", "of-another-package")
    monkeypatch.setenv("COMMERCE_CONFIG_FILE", "shop.json")
    settings = read_settings()
    assert settings.commerce_provider == "of-another-package"
    assert settings.commerce_config_file == Path("shop.json")


def test_nobody_has_a_limit_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().rate_limit_rps is None
    monkeypatch.setenv("RATE_LIMIT_RPS", "0.5")
    monkeypatch.setenv("RATE_LIMIT_BURST", "3")
    settings = read_settings()
    assert (settings.rate_limit_rps, settings.rate_limit_burst) == (0.5, 3)


def test_settings_cannot_be_changed() -> None:
    settings = read_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "3000.5"),
        ("ENGINE", "LOG"),
        ("RETRY_TIMES", "-1"),
        ("LOAD_SHED_QUEUE_MAX", "0"),
        ("SEGMENT_BYTES", "1"),
        ("LOG_LEVEL", "loud"),
        ("LOCKS_ENABLED", "maybe"),
        ("IDEMP_TTL_MS", "0"),
        ("SYNC_INTERVAL_MS", "9"),
        ("SNAPSHOT_EVERY_N_EVENTS", "0"),
        ("ARCHIVE", "zip"),
        ("CONCURRENCY_API", "0"),
        ("CONCURRENCY_SYNC", "0"),
        ("RATE_LIMIT_RPS", "0"),
        ("RATE_LIMIT_RPS", "inf"),
        ("RATE_LIMIT_BURST", "0"),
        ("BREAKER_THRESHOLD", "0"),
        ("BREAKER_COOLDOWN_MS", "9"),
        ("SHUTDOWN_TIMEOUT_MS", "99"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartRefused, match=f"{name}={value}"):
        read_settings()


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("ENGINE", "postgres")
    monkeypatch.setenv("RETRY_TIMES", "x")
    with pytest.raises(StartRefused) as refused:
        read_settings()
    assert all(name in str(refused.value) for name in ("PORT=x", "ENGINE", "RETRY_TIMES=x"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://me:opensesame@somewhere"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "me:opensesame@somewhere:4318"),
    ],
)
def test_a_password_in_a_setting_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartRefused, match=name) as refused:
        read_settings()
    assert "opensesame" not in str(refused.value)
