"""Which run of the machine this is: what was true of another one says nothing of this one.

The monotonic clock starts anew with each boot, and what was only in memory is gone. So what is
written in terms of either carries the boot's id, and counts for nothing under another.
"""

from pathlib import Path

_SOURCE = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return the kernel's id of this boot: 36 characters, drawn at random when it started.

    Raises ``OSError`` where there is no ``/proc``. Source: proc_sys_kernel(5).
    """
    return _SOURCE.read_text(encoding="ascii").strip()
