"""A bound on somebody's time is not broken by a machine that stood still meanwhile."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.real.steady import steady_time

_ROOT = Path(__file__).parents[2]
_STANDS_S = 1.0
_MEASURES = """
import sys, time
from tests.real.steady import steady_time
steady_time()
while True:
    began, steady = time.monotonic(), steady_time()
    print("goes", flush=True)
    sys.stdin.readline()
    print(time.monotonic() - began, steady_time() - steady, flush=True)
"""


def test_time_in_which_a_process_stands_still_is_not_counted() -> None:
    command = [sys.executable, "-c", _MEASURES]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "goes\n"
            process.send_signal(signal.SIGSTOP)
            time.sleep(_STANDS_S)
            process.send_signal(signal.SIGCONT)
            process.stdin.write("\n")
            process.stdin.flush()
            whole_s, steady_s = map(float, process.stdout.readline().split())
        finally:
            process.kill()
    assert whole_s >= _STANDS_S
    assert steady_s <= whole_s - _STANDS_S / 2


def test_time_in_which_a_process_waits_is_counted() -> None:
    best = 0.0
    for _ in range(50):  # this machine, too, may stand still meanwhile
        began = steady_time()
        time.sleep(0.3)
        best = max(best, steady_time() - began)
        if best > 0.25:
            break
    assert best > 0.25
