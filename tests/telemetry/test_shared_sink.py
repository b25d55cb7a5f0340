"""Several processes write to one place: no line is torn by another's."""

import os
import subprocess
import sys
from pathlib import Path
from select import PIPE_BUF

import pytest

from surestock.telemetry.sink import LineSink

_WRITER = """
import sys
from surestock.telemetry.sink import LineSink
sink = LineSink(1, shared=sys.argv[2] == "shared")
for round_ in range(40):
    for number in range(100):
        sink.append(sys.argv[1].encode() * (1 + 37 * number % 700))
    sink.flush()
"""


def written_by_two(place: int, how: str) -> list[subprocess.Popen[bytes]]:
    return [
        subprocess.Popen([sys.executable, "-c", _WRITER, letter, how], stdout=place)
        for letter in "ab"
    ]


def torn(lines: list[bytes]) -> int:
    return sum(len(set(line)) != 1 for line in lines)


@pytest.mark.parametrize("how", ["shared", "alone"])
def test_lines_of_two_processes_on_one_pipe_are_torn_only_without_the_option(how: str) -> None:
    reader, writer = os.pipe()
    processes = written_by_two(writer, how)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        lines = pipe.read().splitlines()
    assert [process.wait() for process in processes] == [0, 0]
    print(f"{how}: {torn(lines)} of {len(lines)} lines torn")
    assert (torn(lines) > 0) == (how == "alone")
    if how == "shared":
        assert len(lines) == 2 * 40 * 100


def test_lines_of_two_processes_in_one_file_are_all_there_and_whole(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        processes = written_by_two(file.fileno(), "shared")
        assert [process.wait() for process in processes] == [0, 0]
    lines = (tmp_path / "log").read_bytes().splitlines()
    assert (torn(lines), len(lines)) == (0, 2 * 40 * 100)


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
