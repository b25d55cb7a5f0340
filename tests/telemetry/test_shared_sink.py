"""Several processes write to one place: no line is torn by another's."""

import os
import subprocess
import sys
import time
from pathlib import Path
from select import PIPE_BUF

import pytest

from surestock.telemetry.sink import LineSink

_ROUNDS, _LINES = 20, 100
_WRITER = f"""
import sys
from surestock.telemetry import sink as module
from surestock.telemetry.sink import LineSink
module._LAST_LINES_S = 100.0  # a reader that stands still is waited for
letter, how = sys.argv[1:]
sink = LineSink(1, shared=how == "shared")
sink.append(letter.encode())
sink.flush()
sys.stdin.readline()
for _ in range({_ROUNDS}):
    for number in range({_LINES}):
        sink.append(letter.encode() * (1 + 37 * number % 700))
    sink.flush()
"""


def two_writers(place: int, how: str) -> list[subprocess.Popen[bytes]]:
    """Start two processes that write a line, and many more once they are told."""
    return [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, letter, how], stdin=subprocess.PIPE, stdout=place
        )
        for letter in "ab"
    ]


def stands(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether none of its threads has anything to do: then it waits for the pipe."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/stat")
    return all(it.read_text().rpartition(")")[2].split()[0] == "S" for it in threads)


def have_ended(processes: list[subprocess.Popen[bytes]]) -> bool:
    """Let them write, and wait until they have."""
    for process in processes:
        process.communicate(b"go\n")
    return [process.returncode for process in processes] == [0, 0]


def torn(lines: list[bytes]) -> int:
    return sum(len(set(line)) != 1 for line in lines)


@pytest.mark.parametrize("how", ["shared", "alone"])
def test_lines_of_two_processes_on_one_pipe_are_torn_only_without_the_option(how: str) -> None:
    reader, writer = os.pipe()
    processes = two_writers(writer, how)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        written = b""
        while len(written) < 4:
            written += pipe.read(4)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.close()
        # Both are in the middle of writing before anybody reads on: else one may be through with
        # it before the other begins.
        while not all(stands(process) for process in processes):
            time.sleep(0.01)
        while some := pipe.read(1000):  # slower than they write, so that the pipe is always full
            written += some
    assert [process.wait() for process in processes] == [0, 0]
    lines = written.splitlines()
    print(f"{how}: {torn(lines)} of {len(lines)} lines torn")
    assert (torn(lines) > 0) == (how == "alone")
    assert how == "alone" or len(lines) == 2 * (1 + _ROUNDS * _LINES)


def test_lines_of_two_processes_in_one_file_are_all_there_and_whole(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        assert have_ended(two_writers(file.fileno(), "shared"))
    lines = (tmp_path / "log").read_bytes().splitlines()
    assert (torn(lines), len(lines)) == (0, 2 * (1 + _ROUNDS * _LINES))


def test_a_line_longer_than_a_pipe_takes_at_once_is_a_write_of_its_own() -> None:
    reader, writer = os.pipe()
    sink = LineSink(writer, shared=True)
    lines = [b"short", b"x" * (PIPE_BUF + 1), b"y" * PIPE_BUF, b"z" * (PIPE_BUF - 1), b"last"]
    for line in lines:
        sink.append(line)
    sink.flush()
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read().splitlines() == lines
