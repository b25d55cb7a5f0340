"""A server of a test ends with the test, with all that it started, and tells why it died."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.real.process import Server, ServerFailed, free_port, running, runs, start, tied

_PARENT = (
    "import subprocess; child = subprocess.Popen(['sleep', '600']); "
    "print('up', child.pid, flush=True); child.wait()"
)
_MOST_S = 100
_LIVES_S = 0.3


def run(folder: Path, *command: str) -> Server:
    """Give a server that has been ended, after it said that it was up."""
    with running(
        "sleeper", command, folder / "log", folder=folder, environment={"PATH": os.defpath}
    ) as server:
        server.wait_until(lambda: "up" in server.last_lines, timeout_s=_MOST_S)
    return server


def await_end(pid: int) -> None:
    """Wait until the process is gone, or waits only for somebody to read its exit code."""
    deadline = time.monotonic() + _MOST_S
    while runs(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.01)


def test_its_children_end_with_it(tmp_path: Path) -> None:
    server = run(tmp_path, sys.executable, "-c", _PARENT)
    await_end(int(server.last_lines.split()[1]))


def test_one_that_dies_shows_what_it_said_last(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"(?s)ended with 3:.*no such shelf"):
        run(tmp_path, sys.executable, "-c", "print('no such shelf'); raise SystemExit(3)")


def test_one_that_is_never_ready_is_no_server(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailed, match="is not ready in 0 s"),
        running("mute", ["sleep", "600"], tmp_path / "log", folder=tmp_path, environment={}) as it,
    ):
        it.wait_until(lambda: False, timeout_s=0)


@pytest.mark.skipif(tied() == [], reason="no setpriv here")
def test_it_ends_with_a_test_run_that_is_killed() -> None:
    code = (
        "import subprocess, os, signal; "
        f"command = {tied()!r} + ['sh', '-c', 'echo up; exec sleep 600']; "
        "child = subprocess.Popen(command, stdout=subprocess.PIPE); child.stdout.readline(); "
        "print(child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run_of_tests = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    await_end(int(run_of_tests.stdout))


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    started: list[Server] = []

    def starter() -> None:
        command = ["sh", "-c", "echo up; exec sleep 600"]
        environment = {"PATH": os.defpath}
        log = tmp_path / "log"
        server = start("sleeper", command, log, folder=tmp_path, environment=environment)
        started.append(server)
        server.wait_until(lambda: "up" in server.last_lines, timeout_s=_MOST_S)

    thread = threading.Thread(target=starter)
    thread.start()
    thread.join()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            started[0].process.wait(_LIVES_S)
    finally:
        started[0].end()


def test_a_free_port_is_free() -> None:
    assert free_port() > 0
