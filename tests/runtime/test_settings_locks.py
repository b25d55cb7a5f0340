"""The settings of several processes on one data directory: honoured, or refused in one sentence."""

from pathlib import Path

import pytest

from surestock.runtime.errors import StartRefused
from surestock.runtime.settings import read_settings

NAMES = [
    "ENGINE",
    "DATA_DIR",
    "LOCKS_ENABLED",
    "LOCK_TTL_MS",
    "LOCK_RENEW_MS",
    "LOCK_DIR",
    "LOCK_REJECT_STATUS",
    "LOCK_RETRY_AFTER_MS",
    "LOCK_OWNER_ID",
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def refusal() -> str:
    with pytest.raises(StartRefused) as refused:
        read_settings()
    return str(refused.value)


def test_every_setting_of_locks_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(
        monkeypatch,
        LOCKS_ENABLED="true",
        LOCK_TTL_MS="500",
        LOCK_RENEW_MS="499",
        LOCK_DIR="elsewhere",
        LOCK_REJECT_STATUS="423",
        LOCK_RETRY_AFTER_MS="1500",
        LOCK_OWNER_ID="till-4/blue",
    )
    settings = read_settings()
    assert settings.locks_enabled
    assert (settings.lock_ttl_ms, settings.lock_renew_ms) == (500, 499)
    assert (settings.lock_dir, settings.lock_owner_id) == (Path("elsewhere"), "till-4/blue")
    assert (settings.lock_reject_status, settings.lock_retry_after_ms) == (423, 1500)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCK_TTL_MS", "99"),
        ("LOCK_TTL_MS", "3600001"),
        ("LOCK_RENEW_MS", "0"),
        ("LOCK_REJECT_STATUS", "200"),
        ("LOCK_REJECT_STATUS", "600"),
        ("LOCK_REJECT_STATUS", "499"),
        ("LOCK_RETRY_AFTER_MS", "0"),
        ("LOCK_RETRY_AFTER_MS", "3600001"),
        ("LOCK_OWNER_ID", "two words"),
        ("LOCK_OWNER_ID", "a\n"),
        ("LOCK_OWNER_ID", "Zoë"),
        ("LOCK_OWNER_ID", "x" * 129),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert f"{name}={value}" in refusal()


@pytest.mark.parametrize(
    ("ttl_ms", "renew_ms"), [("2000", "2000"), ("2000", "2001"), ("500", None), (None, "5000")]
)
def test_a_lease_must_be_renewed_before_it_runs_out(
    monkeypatch: pytest.MonkeyPatch, ttl_ms: str | None, renew_ms: str | None
) -> None:
    if ttl_ms is not None:
        monkeypatch.setenv("LOCK_TTL_MS", ttl_ms)
    if renew_ms is not None:
        monkeypatch.setenv("LOCK_RENEW_MS", renew_ms)
    told = refusal()
    assert f"LOCK_RENEW_MS={renew_ms or 1000} " in told
    assert f"LOCK_TTL_MS={ttl_ms or 2000}:" in told


def test_what_is_wrong_between_two_settings_is_named_beside_all_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_all(
        monkeypatch,
        PORT="x",
        ENGINE="memory",
        LOCKS_ENABLED="true",
        LOCK_RENEW_MS="2000",
        LOCK_RETRY_AFTER_MS="soon",
    )
    told = refusal()
    wrong = ("PORT=x", "LOCKS_ENABLED=true", "LOCK_RENEW_MS=2000", "LOCK_RETRY_AFTER_MS=soon")
    assert all(name in told for name in wrong)


def test_a_wrong_ttl_does_not_make_the_renewal_wrong_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCK_TTL_MS", "99")
    assert "LOCK_RENEW_MS" not in refusal()


def test_a_memory_of_one_process_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, ENGINE="memory", LOCKS_ENABLED="true")
    told = refusal()
    assert "LOCKS_ENABLED=true lets several processes share DATA_DIR" in told
    assert "set ENGINE=log" in told
    monkeypatch.setenv("LOCKS_ENABLED", "false")
    assert read_settings().engine == "memory"
