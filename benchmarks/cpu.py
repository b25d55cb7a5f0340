"""CPU time and memory of a process and its descendants, as the kernel accounts for them.

Source: proc(5), ``/proc/PID/stat`` and ``/proc/PID/status``. CPU time says what a request costs
the server even while the load generator and a noisy neighbour take the rest of the machine,
which wall-clock figures cannot.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_UTIME: Final = 11
"""Index of utime after the closing parenthesis of comm; stime, cutime and cstime follow it."""
_CPUCLOCK_SCHED: Final = 2
_GONE: Final = (FileNotFoundError, ProcessLookupError)
"""What reading about a process raises that has ended meanwhile."""


def descendants(pid: int) -> list[int]:
    """Return ``pid`` and every live process below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(*_GONE):
                found.extend(int(child) for child in task.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return user plus system seconds that ``pid``, its descendants and its dead children used.

    Raises FileNotFoundError when the process is gone.
    """
    seconds = sum(_times(pid))
    for member in descendants(pid)[1:]:
        with suppress(*_GONE):  # its parent has its time now
            seconds += sum(_times(member))
    return seconds


def own_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that ``pid`` alone used, in all of its threads, to the nanosecond.

    Source: clock_getcpuclockid(3); the clock of a process is made of its id and CPUCLOCK_SCHED.
    """
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def _times(pid: int) -> list[float]:
    """Return the seconds in utime, stime, cutime and cstime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(value) / _TICKS_PER_SECOND for value in fields[_UTIME : _UTIME + 4]]


def resident_bytes(pid: int) -> int:
    """Return the resident set of ``pid`` and its descendants in bytes."""
    total = 0
    for member in descendants(pid):
        with suppress(*_GONE):
            total += own_resident_bytes(member)
    return total


def own_resident_bytes(pid: int) -> int:
    """Return the resident set of ``pid`` alone in bytes; 0 when it has ended and is not reaped."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
