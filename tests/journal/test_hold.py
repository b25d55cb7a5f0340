"""One process a log: the second is told who holds it, and death lets go."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from surestock.journal.errors import JournalHeld
from surestock.journal.hold import JournalHold

HOLD_AND_WAIT = """
import sys, pathlib
from surestock.journal.hold import JournalHold
hold = JournalHold(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with (
        JournalHold(tmp_path),
        pytest.raises(JournalHeld, match=f"in use by process {os.getpid()} on "),
    ):
        JournalHold(tmp_path)


def test_the_log_is_free_again_once_it_is_let_go(tmp_path: Path) -> None:
    JournalHold(tmp_path).close()
    JournalHold(tmp_path).close()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(JournalHeld, match=f"process {other.pid} on "):
            JournalHold(tmp_path)
        other.kill()
        other.wait()
        JournalHold(tmp_path).close()
