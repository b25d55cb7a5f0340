"""What the figures were taken on: enough to judge them, nothing that names the machine."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

import msgspec

from benchmarks.scratch import file_system, sync_microseconds


class Machine(msgspec.Struct, frozen=True):
    """Processor, system, versions, and the disk under the scratch directory."""

    processor: str
    cores: int
    system: str
    python: str
    libraries: dict[str, str]
    sqlite: str
    file_system: str
    sync_us: float
    """Median time to append 4 KiB and fdatasync it, in µs."""
    load_average: float
    """Of the minute before the run: above 0.5, something else was running."""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def describe(scratch: Path) -> Machine:
    """Return the facts about this machine, with the disk that holds ``scratch``."""
    names = ("fastapi", "pydantic", "uvicorn", "uvloop", "httptools", "asyncpg")
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 0,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        libraries={name: version(name) for name in names},
        sqlite=sqlite3.sqlite_version,
        file_system=file_system(scratch),
        sync_us=sync_microseconds(scratch),
        load_average=os.getloadavg()[0],
    )
