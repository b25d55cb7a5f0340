"""Who may append: one at a time, who is named, and death or an end lets go."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from surestock.journal.writer_lock import WriterLock

TAKE_AND_WAIT = """
import sys, pathlib
from surestock.journal.writer_lock import WriterLock
lock = WriterLock(pathlib.Path(sys.argv[1]))
assert lock.try_take()
lock.sign()
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[WriterLock]:
    made = WriterLock(tmp_path)
    yield made
    made.close()


def test_only_one_at_a_time_has_the_lock(tmp_path: Path, lock: WriterLock) -> None:
    another = WriterLock(tmp_path)
    assert lock.try_take()
    assert not another.try_take()
    assert not another.try_take()
    lock.release()
    assert another.try_take()
    assert not lock.try_take()
    another.close()


def test_to_close_it_lets_go_of_it(tmp_path: Path, lock: WriterLock) -> None:
    another = WriterLock(tmp_path)
    assert another.try_take()
    another.close()
    assert lock.try_take()


def test_who_signed_last_is_named_whole_and_alone(tmp_path: Path, lock: WriterLock) -> None:
    assert lock.signed_by() == ""
    (tmp_path / "writer").write_bytes(b"process 123456789012 on a host of a very long name\n")
    lock.sign()
    assert lock.signed_by().startswith(f"process {os.getpid()} on ")
    assert (tmp_path / "writer").read_text().count("\n") == 1
    assert not lock.signed_by().endswith("name")


def test_a_name_that_is_no_text_is_told_all_the_same(tmp_path: Path, lock: WriterLock) -> None:
    (tmp_path / "writer").write_bytes(b"\xff\xfe process\n" + b"x" * 5000)
    assert lock.signed_by().startswith("\ufffd\ufffd process")
    assert len(lock.signed_by()) <= 200


def test_a_paused_process_keeps_the_lock_and_a_killed_one_has_it_no_more(
    tmp_path: Path, lock: WriterLock
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        assert not lock.try_take()
        assert lock.signed_by().startswith(f"process {other.pid} on ")
        other.send_signal(SIGSTOP)
        os.waitpid(other.pid, os.WUNTRACED)
        assert not lock.try_take()
        other.send_signal(SIGCONT)
        other.send_signal(SIGKILL)
        other.wait()
        assert lock.try_take()


def test_a_child_that_is_executed_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    assert lock.try_take()
    with subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        lock.close()
        another = WriterLock(tmp_path)
        assert another.try_take()
        another.close()
        child.kill()


def test_a_symbolic_link_in_its_place_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"precious")
    (tmp_path / "writer").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        WriterLock(tmp_path)
    assert target.read_bytes() == b"precious"
