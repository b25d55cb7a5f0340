"""The unit for systemd: it parses, ends the service in order, and does not try what cannot work."""

import shutil
import subprocess
from pathlib import Path

import pytest

from surestock.runtime.errors import REFUSED
from surestock.runtime.settings import Settings
from tests.deploy.files import text

UNIT = "systemd/surestock.service"
ON_POSTGRES = "systemd/postgres.conf"
ANALYZE = shutil.which("systemd-analyze")


def directives(unit: str) -> dict[str, str]:
    """Return every directive of a unit; none of ours is given twice in a section."""
    found: dict[str, str] = {}
    for line in unit.splitlines():
        name, is_directive, value = line.partition("=")
        if is_directive and not line.startswith("#"):
            assert name not in found, name
            found[name] = value
    return found


def test_a_start_that_was_refused_is_not_tried_again_and_a_failure_is() -> None:
    unit = directives(text(UNIT))
    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"] == str(REFUSED)


def test_it_has_the_time_to_end_in_order() -> None:
    unit = directives(text(UNIT))
    assert (unit["KillSignal"], unit["KillMode"]) == ("SIGTERM", "mixed")
    default_ms: int = Settings.model_fields["shutdown_timeout_ms"].default
    assert int(unit["TimeoutStopSec"]) * 1000 > default_ms


@pytest.mark.parametrize("unit", [UNIT, ON_POSTGRES])
def test_what_it_sets_are_settings(unit: str) -> None:
    names = {word.partition("=")[0] for word in directives(text(unit))["Environment"].split()}
    assert {name.lower() for name in names} <= set(Settings.model_fields)


@pytest.mark.parametrize(
    "wall",
    [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("CapabilityBoundingSet", ""),
        ("StateDirectory", "surestock"),
        ("User", "surestock"),
    ],
)
def test_it_stands_behind_walls(wall: tuple[str, str]) -> None:
    assert wall in directives(text(UNIT)).items()


def test_on_a_database_a_start_is_tried_again_for_as_long_as_it_takes() -> None:
    drop_in = directives(text(ON_POSTGRES))
    assert drop_in["RestartPreventExitStatus"] == ""
    assert drop_in["StartLimitIntervalSec"] == "0"
    assert "Restart" not in drop_in


def verdict(unit: str, directory: Path, drop_in: str = "") -> str:
    """Return what systemd complains of, with a program and a user that every machine has."""
    assert ANALYZE is not None
    own = directives(text(UNIT))
    for name, there in (("ExecStart", "/bin/true"), ("User", "daemon"), ("Group", "daemon")):
        unit = unit.replace(f"{name}={own[name]}\n", f"{name}={there}\n")
    path = directory / "surestock.service"
    path.write_text(unit, encoding="utf-8")
    beside = directory / "surestock.service.d" / "postgres.conf"
    beside.parent.mkdir()
    beside.write_text(drop_in, encoding="utf-8")
    command = [ANALYZE, "verify", "--man=no", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    assert verdict(text(UNIT), tmp_path, text(ON_POSTGRES)) == ""


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_a_line_that_systemd_does_not_understand_is_caught(tmp_path: Path) -> None:
    broken = text(UNIT).replace("ProtectSystem=strict", "ProtectSytem=strict")
    assert "ProtectSytem" in verdict(broken, tmp_path)


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_a_line_of_the_drop_in_that_systemd_does_not_understand_is_caught(tmp_path: Path) -> None:
    broken = text(ON_POSTGRES).replace("RestartSec=5s", "RestartSecs=5s")
    assert "RestartSecs" in verdict(text(UNIT), tmp_path, broken)
