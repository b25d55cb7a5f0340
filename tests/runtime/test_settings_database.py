"""The settings of the database: there when it is needed, readable, and never shown."""

import subprocess
import sys

import pytest

from surestock.runtime.errors import StartRefused
from surestock.runtime.settings import read_settings

FORM = "postgres://user:password@host:5432/database"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENGINE", "DATABASE_URL", "LOCKS_ENABLED", "PORT"):
        monkeypatch.delenv(name, raising=False)


def refusal() -> str:
    with pytest.raises(StartRefused) as refused:
        read_settings()
    return str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://stock:opensesame@db/stock",
        "postgresql://stock:opensesame@db:6432/stock?sslmode=verify-full",
        "postgresql://stock:opensesame@one:5432,two:5433/stock?target_session_attrs=read-write",
        "postgresql://stock:opensesame@[::1]:5432/stock",
        "postgresql:///stock?host=/var/run/postgresql",
        "postgres://stock:open%40sesame%2F@db",
        "postgres://db/stock?user=me@somewhere&password=x".replace("@", "%40"),
    ],
)
def test_a_database_can_be_named_in_every_form_that_drivers_know(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ENGINE", "postgres")
    monkeypatch.setenv("DATABASE_URL", url)
    settings = read_settings()
    assert (settings.engine, settings.database_url) == ("postgres", url)


def test_an_engine_that_needs_a_database_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "postgres")
    told = "is missing: ENGINE=postgres keeps everything in a database; set it to"
    assert f"DATABASE_URL {told} {FORM}" in refusal()
    monkeypatch.setenv("DATABASE_URL", "")
    assert "DATABASE_URL is missing" in refusal()


@pytest.mark.parametrize("engine", ["log", "memory"])
def test_commands_find_the_database_whatever_the_engine(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("ENGINE", engine)
    monkeypatch.setenv("DATABASE_URL", "postgres://stock@db/stock")
    assert read_settings().database_url == "postgres://stock@db/stock"


@pytest.mark.parametrize(
    "url",
    [
        "opensesame",
        "mysql://stock:opensesame@db/stock",
        "//stock:opensesame@db/stock",
        "postgres://stock:opensesame@db:http/stock",
        "postgres://stock:opensesame@db:0/stock",
        "postgres://stock:opensesame@db:65536/stock",
        "postgres://stock:opensesame@[::1/stock",
        "postgres://stock:open/sesame@db/stock",
        "postgres://stock:123/opensesame@db/stock",
        "postgres://stock:123?opensesame@db/stock",
        "postgres://stock:123#opensesame@db/stock",
        "postgres://stock:opensesame@db/stock#primary",
    ],
)
def test_a_wrong_url_is_named_and_nothing_of_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    told = refusal()
    assert f"DATABASE_URL should be like {FORM}" in told
    assert not any(part in told for part in ("open", "sesame", "123"))


def test_locks_and_a_database_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "postgres")
    monkeypatch.setenv("DATABASE_URL", "postgres://db")
    monkeypatch.setenv("LOCKS_ENABLED", "true")
    assert read_settings().locks_enabled


def test_a_wrong_engine_does_not_make_the_url_wrong_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENGINE", "oracle")
    monkeypatch.setenv("PORT", "x")
    told = refusal()
    assert "ENGINE=oracle" in told
    assert "PORT=x" in told
    assert "DATABASE_URL" not in told


def test_without_a_database_nobody_pays_for_its_driver() -> None:
    code = (
        "import sys, surestock.runtime.bootstrap, surestock.runtime.work;"
        "sys.exit('asyncpg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, env={}).returncode == 0
