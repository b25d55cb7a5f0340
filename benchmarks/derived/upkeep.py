"""Upkeep as the worker runs it: ``surestock upkeep``, a process of the lowest priority."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from benchmarks.contender import surestock_executable
from benchmarks.errors import UnsoundMeasurement
from surestock.engine.log.upkeep import Done


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass: what it did, wall time and CPU time in seconds, the most memory it had."""

    done: Done
    seconds: float
    cpu_seconds: float
    peak_bytes: int


class RunningUpkeep:
    """A pass over ``data`` that has begun. A snapshot is due after ``every`` sealed records."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._begun = time.perf_counter()

    @classmethod
    def start(cls, data: Path, every: int) -> Self:
        """Start a pass."""
        environment = {
            "PATH": os.defpath,
            "DATA_DIR": str(data),
            "SNAPSHOT_EVERY_N_EVENTS": str(every),
        }
        command = [str(surestock_executable()), "upkeep"]
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe))

    def wait(self) -> Pass:
        """Wait for its end. Raises UnsoundMeasurement when it failed."""
        process = self._process
        if process.stdout is None or process.stderr is None:
            raise AssertionError("both are pipes")
        said, wrong = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise UnsoundMeasurement(f"upkeep ended with {process.returncode}: {wrong.decode()}")
        return Pass(
            done=msgspec.json.decode(said, type=Done),
            seconds=time.perf_counter() - self._begun,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_bytes=usage.ru_maxrss * 1024,
        )


def run_upkeep(data: Path, every: int) -> Pass:
    """Run one pass to its end."""
    return RunningUpkeep.start(data, every).wait()
