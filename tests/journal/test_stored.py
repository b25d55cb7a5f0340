"""Reading a segment by its bytes: plain, archived or moved meanwhile."""

import random
from pathlib import Path

import pytest

from surestock.journal.archive import archive_segment
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.member import MEMBER_BYTES
from surestock.journal.segment import segment_path
from surestock.journal.stored import open_segment
from tests.journal.folders import LINES, Folders, gzipped_in_one_piece, gzipped_in_pieces
from tests.journal.logs import move_to_archive


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.fixture
def archived(folders: Folders) -> Folders:
    """The same, once it is moved into the archive."""
    folders.move()
    return folders


@pytest.fixture(params=["plain", "archived", "one piece", "pieces"])
def any_kind(folders: Folders, request: pytest.FixtureRequest) -> Folders:
    """The segment, kept in each way that can be read."""
    if request.param != "plain":
        move_to_archive(folders.directory, folders.archive, 1)
    if request.param == "one piece":
        folders.archived.write_bytes(gzipped_in_one_piece(folders.content))
    if request.param == "pieces":
        folders.archived.write_bytes(gzipped_in_pieces(folders.content))
    return folders


def test_any_stretch_reads_the_same_however_the_segment_is_kept(any_kind: Folders) -> None:
    content, source = any_kind.content, random.Random(1)
    size = len(content)
    stretches = [(0, size), (size, 0), (0, 0), (size - 1, 1), (MEMBER_BYTES - 1, 2)]
    stretches += [(MEMBER_BYTES, MEMBER_BYTES), (MEMBER_BYTES - 1, 2 * MEMBER_BYTES + 2)]
    stretches += [(source.randrange(size - 800), 800) for _ in range(200)]
    with any_kind.open() as segment:
        assert segment.size == size
        for offset, length in stretches:
            assert segment.read_at(offset, length) == content[offset : offset + length]


def test_lines_read_the_same_however_the_segment_is_kept(any_kind: Folders) -> None:
    content = any_kind.content
    lines = content.splitlines(keepends=True)
    third = len(lines[0]) + len(lines[1])
    with any_kind.open() as segment:
        assert list(segment.lines(0)) == lines
        assert list(segment.lines(third)) == lines[2:]
        assert list(segment.lines(third, third + len(lines[2]))) == lines[2:3]
        assert list(segment.lines(third, third + 5)) == [lines[2][:5]]
        assert list(segment.lines(len(content))) == []


@pytest.mark.parametrize("archived", [False, True])
def test_a_line_may_be_longer_than_what_is_read_at_once(tmp_path: Path, *, archived: bool) -> None:
    lines = [letter * size + b"\n" for letter, size in ((b"a", 3), (b"b", 400_000), (b"c", 70_000))]
    lines += [b"\n", b"d\r\x85\n", b"e" * MEMBER_BYTES]
    path = segment_path(tmp_path, 1)
    path.write_bytes(b"".join(lines))
    if archived:
        move_to_archive(tmp_path, tmp_path / "archive", 1)
    with open_segment(tmp_path, tmp_path / "archive", 1) as segment:
        assert list(segment.lines(0)) == lines
        assert list(segment.lines(4)) == lines[1:]


def test_what_is_behind_the_end_is_refused(any_kind: Folders) -> None:
    size = len(any_kind.content)
    for offset, length in ((size, 1), (size - 1, 2), (size + 100_000, 1)):
        with any_kind.open() as segment, pytest.raises(JournalDamaged, match="ends here") as caught:
            segment.read_at(offset, length)
        assert (caught.value.line, caught.value.offset) == (LINES + 2, size)


def test_an_open_segment_does_not_notice_that_it_is_moved(folders: Folders) -> None:
    with folders.open() as segment:
        lines = segment.lines(0)
        read = [next(lines)]
        move_to_archive(folders.directory, folders.archive, 1)
        assert b"".join(read + list(lines)) == folders.content
        assert segment.size == len(folders.content)
    with folders.open() as segment:
        assert segment.path == folders.archived
        assert b"".join(segment.lines(0)) == folders.content


def test_while_there_are_both_the_plain_file_is_read(folders: Folders) -> None:
    archive_segment(folders.plain, folders.archive)
    with folders.open() as segment:
        assert segment.path == folders.plain


def test_a_segment_that_is_nowhere_is_named_with_its_records(archived: Folders) -> None:
    archived.archived.unlink()
    with pytest.raises(JournalError, match=r"0001\.ndjson .* the records from 1 on are in neither"):
        archived.open()
    segment_path(archived.directory, 61).touch()
    with pytest.raises(JournalError, match="records 1 to 60 are in neither the event log nor the"):
        archived.open()
    with pytest.raises(JournalError, match="records 1 to 60 are not in the event log"):
        open_segment(archived.directory, None, 1)


def test_a_plain_segment_that_grows_is_read_as_far_as_it_is_by_then(tmp_path: Path) -> None:
    path = segment_path(tmp_path, 1)
    path.write_bytes(b"a\n")
    with open_segment(tmp_path, None, 1) as segment:
        assert list(segment.lines(0)) == [b"a\n"]
        with path.open("ab") as grown:
            grown.write(b"b\n")
        assert (segment.size, list(segment.lines(2))) == (4, [b"b\n"])
