"""A bound on time that is a promise, on a machine that may stand still at any moment."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

_TRIES: Final = 5


class Late(AssertionError):
    """Something took too long. That alone may be the machine's doing."""


def require_in_time(took: float, most: float) -> None:
    """Raise :class:`Late` unless it took less than that."""
    if took >= most:
        msg = f"it took {took:.2f}, and may take {most:g}"
        raise Late(msg)


def in_time_at_least_once(directory: Path, scenario: Callable[[Path], None]) -> None:
    """Play a scenario, each time in a folder of its own, until it is not late.

    A process that stood still may be late now and then; one that does not keep its time always is.
    Whatever else is wrong is wrong at the first try.
    """
    for number in range(1, _TRIES + 1):
        folder = directory / f"try-{number}"
        folder.mkdir()
        try:
            scenario(folder)
        except Late:
            if number == _TRIES:
                raise
        else:
            return
