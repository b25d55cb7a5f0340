"""One process a log, or several that share it: others are told who, and death lets go."""

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


def test_those_who_share_a_log_hold_it_together(tmp_path: Path) -> None:
    with JournalHold(tmp_path, shared=True), JournalHold(tmp_path, shared=True):
        pass


def test_a_log_is_shared_or_held_alone_and_never_both(tmp_path: Path) -> None:
    named = f"in use by process {os.getpid()} on "
    with JournalHold(tmp_path, shared=True), pytest.raises(JournalHeld, match=named):
        JournalHold(tmp_path)
    with JournalHold(tmp_path), pytest.raises(JournalHeld, match=named):
        JournalHold(tmp_path, shared=True)


def test_a_shared_log_is_free_for_one_alone_once_the_last_has_let_go(tmp_path: Path) -> None:
    first, second = (JournalHold(tmp_path, shared=True) for _ in range(2))
    first.close()
    with pytest.raises(JournalHeld):
        JournalHold(tmp_path)
    second.close()
    JournalHold(tmp_path).close()


def test_of_several_that_share_it_the_one_that_came_last_is_named(tmp_path: Path) -> None:
    with (
        JournalHold(tmp_path, shared=True),
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                HOLD_AND_WAIT.replace("1]))", "1]), shared=True)"),
                str(tmp_path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(JournalHeld, match=f"process {other.pid} on ") as refused:
            JournalHold(tmp_path)
        assert "LOCKS_ENABLED=true" in str(refused.value)
        other.kill()


def test_what_is_refused_leaves_the_name_of_who_holds_it(tmp_path: Path) -> None:
    with JournalHold(tmp_path, shared=True):
        (tmp_path / "owner").write_text("process 1 on another host\n")
        for _ in range(2):
            with pytest.raises(JournalHeld, match="process 1 on another host"):
                JournalHold(tmp_path)
