"""CPU time and memory of a process and its descendants, as the kernel accounts for them.

Source: proc(5), ``/proc/PID/stat`` and ``/proc/PID/status``. CPU time says what a request costs
the server even while the load generator and a noisy neighbour take the rest of the machine,
which wall-clock figures cannot.
"""

import os
from pathlib import Path
from typing import Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_UTIME: Final = 11
"""Index of utime after the closing parenthesis of comm; stime, cutime and cstime follow it."""


def descendants(pid: int) -> list[int]:
    """Return ``pid`` and every live process below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found.extend(int(child) for child in task.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return user plus system seconds that ``pid``, its descendants and its dead children used.

    Raises FileNotFoundError when the process is gone.
    """
    ticks = 0
    for member in descendants(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(value) for value in fields[_UTIME : _UTIME + 4])
    return ticks / _TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Return the resident set of ``pid`` and its descendants in bytes."""
    total = 0
    for member in descendants(pid):
        for line in Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total
