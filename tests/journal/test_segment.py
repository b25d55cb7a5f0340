"""Which segments there are: each once, wherever it is kept, and no other file among them."""

from pathlib import Path

import pytest

from surestock.journal.segment import (
    Segment,
    all_segments,
    archived_path,
    first_of,
    list_archived,
    list_segments,
    segment_path,
    segments_from,
)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """An event log of the segments 20 and 30, an archive of 1, 10 and 20, and what is neither."""
    directory, archive = tmp_path / "event-log", tmp_path / "archive"
    for folder in (directory, archive):
        folder.mkdir()
    for first in (20, 30):
        segment_path(directory, first).touch()
    for first in (1, 10, 20):
        archived_path(archive, first).touch()
    for name in ("owner", f"{20:020d}.ndjson.torn", f"{7:020d}.ndjson.gz", "x.ndjson"):
        (directory / name).touch()
    for name in (f"{40:020d}.ndjson.gz.tmp", f"{40:020d}.ndjson", "x.ndjson.gz"):
        (archive / name).touch()
    return directory, archive


def test_a_name_tells_where_its_segment_starts_archived_or_not(tmp_path: Path) -> None:
    assert segment_path(tmp_path, 31).name == "00000000000000000031.ndjson"
    assert archived_path(tmp_path, 31).name == "00000000000000000031.ndjson.gz"
    assert first_of(segment_path(tmp_path, 31)) == first_of(archived_path(tmp_path, 31)) == 31


def test_other_files_are_not_looked_at(folders: tuple[Path, Path]) -> None:
    directory, archive = folders
    assert [first_of(path) for path in list_segments(directory)] == [20, 30]
    assert [first_of(path) for path in list_archived(archive)] == [1, 10, 20]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert list_archived(tmp_path / "archive") == []
    assert all_segments(tmp_path / "event-log", tmp_path / "archive") == []


def test_every_segment_is_there_once_and_the_plain_file_wins(folders: tuple[Path, Path]) -> None:
    directory, archive = folders
    assert all_segments(directory, archive) == [
        Segment(1, archived_path(archive, 1), archived=True),
        Segment(10, archived_path(archive, 10), archived=True),
        Segment(20, segment_path(directory, 20), archived=False),
        Segment(30, segment_path(directory, 30), archived=False),
    ]


def test_a_segment_that_is_moved_while_the_folders_are_listed_is_not_missed(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, archive = folders
    real = Path.glob

    def move_between(folder: Path, pattern: str) -> list[Path]:
        found = list(real(folder, pattern))
        archived_path(archive, 30).touch()
        segment_path(directory, 30).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "glob", move_between)
    assert [segment.first for segment in all_segments(directory, archive)] == [1, 10, 20, 30]


@pytest.mark.parametrize(
    ("sequence", "first"), [(0, 1), (1, 1), (9, 1), (10, 10), (19, 10), (20, 20), (999, 30)]
)
def test_segments_from_a_sequence_begin_with_the_one_that_holds_it(
    folders: tuple[Path, Path], sequence: int, first: int
) -> None:
    found = segments_from(*folders, sequence)
    assert (found[0].first, found[-1].first) == (first, 30)
