"""Drop the runs that nobody needs any more."""

from datetime import datetime
from pathlib import Path

from surestock.kit.failpoints import hit
from surestock.kit.files import sync_directory
from surestock.sidecar.errors import Damaged, RunDamaged, delete_damaged, unheard
from surestock.sidecar.file import RunFile
from surestock.sidecar.listing import list_runs


def drop_older(directory: Path, suffix: str, than: datetime, damaged: Damaged = unheard) -> int:
    """Unlink the runs whose newest record is older than ``than``; return how many there were.

    A damaged run is deleted, not counted, and ``damaged`` told. Raises ``OSError``. Failpoint:
    run.unlink.
    """
    dropped = 0
    for run in list_runs(directory, suffix):
        try:
            with RunFile(run.path) as file:
                newest = file.head.newest
        except RunDamaged as error:
            delete_damaged(error, damaged)
            continue
        if newest < than:
            hit("run.unlink")
            run.path.unlink(missing_ok=True)
            dropped += 1
    if dropped:
        sync_directory(directory)
    return dropped


def drop_before(directory: Path, suffix: str, sequence: int) -> int:
    """Unlink the runs that hold nothing from ``sequence`` on; return how many there were.

    Raises ``OSError``. Failpoint: run.unlink.
    """
    runs = [run for run in list_runs(directory, suffix) if run.last < sequence]
    for run in runs:
        hit("run.unlink")
        run.path.unlink(missing_ok=True)
    if runs:
        sync_directory(directory)
    return len(runs)
