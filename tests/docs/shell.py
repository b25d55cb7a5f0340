"""bash, block by block: a variable that one block sets is there in the next."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_TIMEOUT_S = 60
_STATE = "shell-state"
_AROUND = """set -euo pipefail
if [[ -f $SHELL_STATE ]]; then source "$SHELL_STATE"; fi
trap 'export -p >"$SHELL_STATE"' EXIT
set -o allexport
"""


class BlockFailed(Exception):
    """A block ended with an exit code. The message is what it printed."""


class Shell:
    """Runs blocks in ``directory``, without the settings of whoever runs the tests.

    Skips the test when bash or curl is missing.
    """

    def __init__(self, directory: Path) -> None:
        for program in ("bash", "curl"):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
        self._directory = directory
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "LC_ALL": "C.UTF-8",
            "SHELL_STATE": str(directory / _STATE),
        }

    def run(self, block: str) -> str:
        """Return what ``block`` prints, errors included. Raises :class:`BlockFailed`."""
        ended = subprocess.run(
            ["bash", "-c", _AROUND + block],
            check=False,
            cwd=self._directory,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
        )
        printed = ended.stdout.decode()
        if ended.returncode:
            raise BlockFailed(f"exit code {ended.returncode}: {printed}")
        return printed
