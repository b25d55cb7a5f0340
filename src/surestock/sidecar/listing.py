"""The names of runs, and which of them count."""

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

_DIGITS = 20
_RANGE = re.compile(rf"([0-9]{{{_DIGITS}}})-([0-9]{{{_DIGITS}}})")


class Listed(Struct, frozen=True):
    """A run in a directory, by its name. ``inode`` tells it from a later one of that name."""

    first: int
    last: int
    path: Path
    inode: int


def run_path(directory: Path, first: int, last: int, suffix: str) -> Path:
    """Return the path of the run over the sequences ``first`` to ``last``."""
    return directory / f"{first:0{_DIGITS}d}-{last:0{_DIGITS}d}{suffix}"


def range_of(path: Path) -> tuple[int, int] | None:
    """Return the sequences that a run's name says it covers, or None for another file's name."""
    found = _RANGE.match(path.name)
    return None if found is None else (int(found[1]), int(found[2]))


def list_runs(directory: Path, suffix: str) -> list[Listed]:
    """Return the runs in ``directory``, by range, a wider one before what it contains.

    There are none when ``directory`` is missing.
    """
    listed = []
    for path in directory.glob(f"*{suffix}"):
        found = _RANGE.fullmatch(path.name.removesuffix(suffix))
        if found is None:
            continue
        try:
            inode = path.stat().st_ino
        except FileNotFoundError:
            continue  # merged or dropped meanwhile
        listed.append(Listed(int(found[1]), int(found[2]), path, inode))
    return sorted(listed, key=by_range)


def by_range(run: Listed) -> tuple[int, int]:
    """Sort runs by what they cover, a wider one before what it contains."""
    return run.first, -run.last


def outermost(listed: Iterable[Listed]) -> list[Listed]:
    """Return those of ``listed`` (in its order) whose range no other one contains."""
    outer: list[Listed] = []
    for run in listed:
        if not outer or run.last > outer[-1].last:
            outer.append(run)
    return outer
