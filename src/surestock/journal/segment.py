"""The names of segments, and their order, in the event log and in the archive."""

from bisect import bisect_right
from pathlib import Path

from msgspec import Struct

_DIGITS = 20
_SUFFIX = ".ndjson"
_ARCHIVED = ".ndjson.gz"


class Segment(Struct, frozen=True):
    """A segment: the sequence that it starts with, its file, and whether that is an archive."""

    first: int
    path: Path
    archived: bool


def segment_path(directory: Path, first: int) -> Path:
    """Return the path of the segment whose first record has sequence ``first``."""
    return directory / f"{first:0{_DIGITS}d}{_SUFFIX}"


def archived_path(archive: Path, first: int) -> Path:
    """Return the path of that segment once it is archived."""
    return archive / f"{first:0{_DIGITS}d}{_ARCHIVED}"


def is_archived(path: Path) -> bool:
    """Tell whether ``path`` is the name of an archived segment."""
    return path.name.endswith(_ARCHIVED)


def first_of(path: Path) -> int:
    """Return the sequence that a segment's name says it starts with."""
    return int(path.name.removesuffix(_ARCHIVED).removesuffix(_SUFFIX))


def list_segments(directory: Path) -> list[Path]:
    """Return the plain segments in ``directory``, in order. Other files are not looked at."""
    return _named(directory, _SUFFIX)


def list_archived(archive: Path) -> list[Path]:
    """Return the archived segments in ``archive``, in order; none when there is no such folder."""
    return _named(archive, _ARCHIVED)


def all_segments(directory: Path, archive: Path | None) -> list[Segment]:
    """Return every segment once, in order: the plain file when there is one, else the archived."""
    # The plain ones are listed first: one that is archived and removed meanwhile is then seen
    # twice, where the other way round it would not be seen at all.
    found = {
        first_of(path): Segment(first_of(path), path, archived=False)
        for path in list_segments(directory)
    }
    for path in [] if archive is None else list_archived(archive):
        first = first_of(path)
        found.setdefault(first, Segment(first, path, archived=True))
    return [segment for _, segment in sorted(found.items())]


def segments_from(directory: Path, archive: Path | None, sequence: int) -> list[Segment]:
    """Return the segments from that on which holds record ``sequence``, or is to hold it."""
    segments = all_segments(directory, archive)
    holding = bisect_right(segments, sequence, key=lambda segment: segment.first) - 1
    return segments[max(holding, 0) :]


def _named(directory: Path, suffix: str) -> list[Path]:
    return sorted(
        path
        for path in directory.glob(f"*{suffix}")
        if len(path.name) == _DIGITS + len(suffix)
        and path.name[:_DIGITS].isascii()
        and path.name[:_DIGITS].isdigit()
    )
