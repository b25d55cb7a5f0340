"""A small launch day, whole: a service that is killed twice, and a platform that loses answers."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.absent import skipped_when_absent
from tests.real.postgres_binaries import postgres_binaries

ROOT = Path(__file__).resolve().parents[3]
CARTS = 40


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "demo.checkout", "--provider", "simulated", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _figure(printed: str, what: str) -> int:
    (line,) = [line for line in printed.splitlines() if line.startswith(f"│ {what} ")]
    return int(line.split("│")[2].replace(",", ""))


@pytest.mark.timeout(
    1200
)  # it waits for four minutes for what is open, and longer for a slow start
@pytest.mark.parametrize("engine", ["log", "postgres"])
def test_the_books_of_a_day_with_two_crashes_agree(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "postgres":
        monkeypatch.delenv("DATABASE_URL", raising=False)
        with skipped_when_absent():
            postgres_binaries()
    done = _run("--engine", engine, "--carts", str(CARTS), "--clients", "8", "--devices", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    bought = _figure(done.stdout, "completed checkouts")
    assert bought == _figure(done.stdout, "orders at the provider")
    assert 10 <= bought <= 20
    assert _figure(done.stdout, "carts sold out") > 0
    assert _figure(done.stdout, "service killed with SIGKILL") == 2
    assert "surestock verify (exit code 0)" in done.stdout
    for fault in ("oversold", "doubled", "lost", "checkouts without an end"):
        assert _figure(done.stdout, fault) == 0


def test_a_wrong_setting_is_named() -> None:
    done = _run("--carts", "none")
    assert done.returncode == 2
    assert "'none' is not a number from 1 to 100000" in done.stderr


def test_an_engine_that_keeps_nothing_is_refused() -> None:
    done = _run("--engine", "memory")
    assert done.returncode == 2
    assert "invalid choice: 'memory'" in done.stderr
