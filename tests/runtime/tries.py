"""A bound on time that is a promise, on a machine that may stand still at any moment."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

_TRIES: Final = 5


def kept_at_least_once(directory: Path, scenario: Callable[[Path], None]) -> None:
    """Play a scenario, each time in a folder of its own, until its assertions hold once.

    A process that stood still may be late now and then; one that does not keep its time never does.
    """
    for number in range(1, _TRIES + 1):
        folder = directory / f"try-{number}"
        folder.mkdir()
        try:
            scenario(folder)
        except AssertionError:
            if number == _TRIES:
                raise
        else:
            return
