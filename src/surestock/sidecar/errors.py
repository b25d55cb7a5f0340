"""What can be wrong with a run, and what is done about it: it is derived, so it may go."""

from collections.abc import Callable
from pathlib import Path

from surestock.kit.errors import SurestockError
from surestock.kit.failpoints import hit

Damaged = Callable[[Path, str], None]
"""Is told of each damaged run that was deleted: its path, and what was wrong with it."""


class RunDamaged(SurestockError):
    """A run is not what its checksums say. It may be deleted: the log holds all that it held."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name}: {why}. Delete the file; it is made again from the log.")
        self.path = path
        self.why = why


def delete_damaged(error: RunDamaged, damaged: Damaged) -> None:
    """Delete the run that ``error`` names, and tell ``damaged``."""
    hit("run.unlink")
    error.path.unlink(missing_ok=True)
    damaged(error.path, error.why)


def unheard(_path: Path, _why: str) -> None:
    """Be the :data:`Damaged` of who looks at what is covered instead."""
