"""The names of segments, and their order."""

from pathlib import Path

_DIGITS = 20
_SUFFIX = ".ndjson"


def segment_path(directory: Path, first: int) -> Path:
    """Return the path of the segment whose first record has sequence ``first``."""
    return directory / f"{first:0{_DIGITS}d}{_SUFFIX}"


def first_of(path: Path) -> int:
    """Return the sequence that a segment's name says it starts with."""
    return int(path.name.removesuffix(_SUFFIX))


def list_segments(directory: Path) -> list[Path]:
    """Return the segments in ``directory``, in order. Other files are not looked at."""
    return sorted(
        path
        for path in directory.glob(f"*{_SUFFIX}")
        if len(path.name) == _DIGITS + len(_SUFFIX)
        and path.name[:_DIGITS].isascii()
        and path.name[:_DIGITS].isdigit()
    )
