"""bash, block by block: a variable that one block sets is there in the next.

So is a process that a block leaves running with ``&``, until the shell is closed.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

_TIMEOUT_S = 240
_STATE = "shell-state"
_AROUND = """set -euo pipefail
if [[ -f $SHELL_STATE ]]; then source "$SHELL_STATE"; fi
trap 'export -p >"$SHELL_STATE"' EXIT
set -o allexport
"""


class BlockFailed(Exception):
    """A block ended with an exit code. The message is what it printed."""


class BlockHung(BlockFailed):
    """A block did not end."""


class Shell:
    """Runs blocks in ``directory``, without the settings of whoever runs the tests.

    Skips the test when one of its programs is missing. What is left running must not print here.
    """

    def __init__(self, directory: Path) -> None:
        for program in ("bash", "curl", "flock", "zcat"):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
        self._directory = directory
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "LC_ALL": "C.UTF-8",
            "SHELL_STATE": str(directory / _STATE),
        }
        self._groups: list[int] = []

    def run(self, block: str) -> str:
        """Return what ``block`` prints, errors included. Raises :class:`BlockFailed`."""
        process = subprocess.Popen(
            ["bash", "-c", _AROUND + block],
            cwd=self._directory,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._groups.append(process.pid)
        try:
            printed = process.communicate(timeout=_TIMEOUT_S)[0].decode()
        except subprocess.TimeoutExpired:
            process.kill()  # that alone: what it has left running goes on, and may hold the pipe
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            raise BlockHung(f"no end after {_TIMEOUT_S} s") from None
        if process.returncode:
            raise BlockFailed(f"exit code {process.returncode}: {printed}")
        if not _is_alive(process.pid):
            self._groups.remove(process.pid)
        return printed

    def close(self) -> None:
        """Kill what blocks left running."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self._groups.clear()


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
