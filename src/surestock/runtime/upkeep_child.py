"""Upkeep as a process of its own, at the lowest priority: whatever else runs goes first."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress

from surestock.sync.upkeep import UpkeepFailed

_COMMAND = (sys.executable, "-m", "surestock", "upkeep")
_LOWEST_PRIORITY = 19


async def run_upkeep() -> None:
    """Run ``surestock upkeep`` to its end. Raises :class:`UpkeepFailed` or ``OSError``."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    try:
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _LOWEST_PRIORITY)
        _, said = await process.communicate()
    except asyncio.CancelledError:
        # It may be stopped at any point, as by a crash: what it writes is there as a whole or not.
        with suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else "it said nothing"
        raise UpkeepFailed(f"upkeep ended with {process.returncode}: {last}")
