"""Runs commands, as a person would type them: in this process, or in one that gets killed."""

import signal
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from surestock.cli.app import app

_KILLED = Path(__file__).with_name("killed.py")

_SETTINGS = ("DATA_DIR", "PORT", "IDEMP_TTL_MS", "API_KEYS_FILE", "SURESTOCK_KEY")
CLEAN = dict.fromkeys(_SETTINGS)
"""The environment of a test: settings of the machine that runs it do not count."""


def surestock(*words: object, **settings: str) -> Result:
    """Run ``surestock`` with ``words``, under ``settings``; output and exit code are the result."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={**CLEAN, **settings})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def surestock_killed(failpoint: str, passages: int, *words: object, tooth: bool = False) -> None:
    """Run ``surestock`` as a process that is killed at its n-th passage of a failpoint."""
    script = (str(_KILLED), *(("--tooth",) if tooth else ()), failpoint, str(passages))
    command = [sys.executable, *script, *(str(word) for word in words)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
