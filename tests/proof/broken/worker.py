"""The sync worker, broken: it forgets, repeats itself, is not alone, or stumbles over a change.

A worker that stumbles does so as long as the file ``poison`` stands beside the data directory: its
three words name the store, the SKU and the version of the change that cannot be folded.
"""

import fcntl
import os
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Raw

from surestock.inventory.model import Level
from surestock.runtime import work
from surestock.sync import fold, keeper
from surestock.sync.check import check_change
from surestock.sync.checkpoint import read_checkpoint
from surestock.sync.errors import CannotFold, FoldError
from surestock.sync.parking import Parked
from surestock.sync.view import CentralView


def _data_dir() -> Path:
    return Path(os.environ["DATA_DIR"])


def without_upkeep() -> None:
    """Nobody looks after the log's files: for attacks that are about the worker alone."""

    async def run_upkeep() -> None:
        return None

    vars(work).update(run_upkeep=run_upkeep)


def forgetful() -> None:
    """The view goes on behind the checkpoint, without what came before it."""

    class Forgetful(CentralView):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            checkpoint = read_checkpoint(_data_dir() / "central")
            if checkpoint is not None:
                self.seed(checkpoint.sequence, ())

    vars(keeper).update(CentralView=Forgetful)


def repeating() -> None:
    """A worker folds the first thing that it sees twice."""

    class Repeating(CentralView):
        def apply(self, records: Raw | bytes) -> int:
            is_first = self.applied_sequence == 0
            folded = super().apply(records)
            if is_first:
                self._fold.applied_sequence = 0
                super().apply(records)
            return folded

    vars(keeper).update(CentralView=Repeating)


def unheld() -> None:
    """Whoever comes is at work, even if another one is."""

    def flock(fd: int, operation: int, /) -> None:
        del fd, operation

    vars(fcntl).update(flock=flock)


def _stumble(error: type[FoldError] | type[CannotFold], level: Level, version: int | None) -> None:
    poison = _data_dir().with_name("poison")
    named = f"{level.store_id} {level.sku} {level.version}"
    if poison.exists() and poison.read_text() == named:
        if error is CannotFold:
            raise CannotFold(1, "it is poisoned")
        raise FoldError("it is poisoned")
    check_change(level, version)


def poisoned() -> None:
    """A change cannot be folded. That is no broken promise, it is what the promise is about."""
    without_upkeep()
    vars(keeper).update(CentralView=partial(CentralView, check=partial(_stumble, FoldError)))


def stubborn() -> None:
    """A change cannot be folded, and nothing else is until it can."""
    without_upkeep()
    vars(keeper).update(CentralView=partial(CentralView, check=partial(_stumble, CannotFold)))


def careless() -> None:
    """A change cannot be folded, and those that wait behind it are lost."""
    poisoned()

    class Careless(Parked):
        def add(self, sequence: int, index: int) -> None:
            del sequence, index

    letters = vars(fold)["Letters"].open.__globals__
    letters.update(Parked=Careless)
