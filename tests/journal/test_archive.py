"""Archiving a segment: proved before it counts, and safe to be interrupted at each step."""

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from surestock.journal.archive import archive_segment
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.member import MEMBER_BYTES
from surestock.journal.segment import list_archived
from tests.journal.logs import failing, write_segments

BROKEN = OSError(errno.EIO, "Input/output error")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A sealed segment of five members."""
    directory = tmp_path / "event-log"
    directory.mkdir()
    write_segments(directory, segments=1, lines=60, pad=4600)
    (segment,) = directory.iterdir()
    assert 4 * MEMBER_BYTES < segment.stat().st_size < 5 * MEMBER_BYTES
    return segment


def test_zcat_gives_the_segment_back(plain: Path, tmp_path: Path) -> None:
    archived = archive_segment(plain, tmp_path / "archive")
    assert archived == tmp_path / "archive" / f"{1:020d}.ndjson.gz"
    zcat = shutil.which("zcat")
    assert zcat is not None
    assert subprocess.check_output([zcat, archived]) == plain.read_bytes()
    assert archived.stat().st_size < plain.stat().st_size


@pytest.mark.parametrize("size", [1, MEMBER_BYTES - 1, MEMBER_BYTES, MEMBER_BYTES + 1])
def test_a_segment_of_any_size_is_given_back(tmp_path: Path, size: int) -> None:
    segment = tmp_path / f"{1:020d}.ndjson"
    segment.write_bytes(os.urandom(size))
    archived = archive_segment(segment, tmp_path / "archive")
    assert subprocess.check_output(["zcat", archived]) == segment.read_bytes()


def test_the_archive_is_for_the_owner_alone(plain: Path, tmp_path: Path) -> None:
    archived = archive_segment(plain, tmp_path / "archive")
    assert archived.stat().st_mode & 0o777 == 0o600
    assert archived.parent.stat().st_mode & 0o777 == 0o700


def test_the_plain_segment_is_left_alone_and_archiving_twice_gives_the_same_file(
    plain: Path, tmp_path: Path
) -> None:
    content = plain.read_bytes()
    first = archive_segment(plain, tmp_path / "archive").read_bytes()
    assert archive_segment(plain, tmp_path / "archive").read_bytes() == first
    assert plain.read_bytes() == content


def test_the_file_is_durable_before_its_name_and_its_name_before_it_is_told(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    synced: list[tuple[str, list[Path]]] = []
    real = os.fsync

    def sync(fd: int) -> None:
        synced.append((Path(f"/proc/self/fd/{fd}").readlink().name, list_archived(archive)))
        real(fd)

    monkeypatch.setattr(os, "fsync", sync)
    archived = archive_segment(plain, archive)
    assert synced == [(f"{archived.name}.tmp", []), ("archive", [archived])]


@pytest.mark.parametrize(
    ("failpoint", "hits"),
    [(step, hits) for step in ("archive.write", "file.write") for hits in range(5)]
    + [("archive.fsync", 0), ("archive.rename", 0), ("directory.fsync", 1)],
)
def test_a_death_at_any_step_leaves_the_plain_segment_and_no_archive_that_is_not_whole(
    plain: Path, tmp_path: Path, failpoint: str, hits: int
) -> None:
    content, archive = plain.read_bytes(), tmp_path / "archive"
    with failing(failpoint, BROKEN, after=hits), pytest.raises(OSError, match="Input/output error"):
        archive_segment(plain, archive)
    assert plain.read_bytes() == content
    for archived in list_archived(archive):
        assert failpoint == "directory.fsync"
        assert subprocess.check_output(["zcat", archived]) == content
    assert subprocess.check_output(["zcat", archive_segment(plain, archive)]) == content
    assert [path.name for path in archive.iterdir()] == [f"{1:020d}.ndjson.gz"]


def test_a_kill_that_leaves_half_a_file_is_made_good_by_the_next_try(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", lambda *_, **__: None)
        with failing("archive.fsync", BROKEN), pytest.raises(OSError, match="Input/output"):
            archive_segment(plain, archive)
    assert [path.suffix for path in archive.iterdir()] == [".tmp"]
    assert list_archived(archive) == []
    archived = archive_segment(plain, archive)
    assert list(archive.iterdir()) == [archived]
    assert subprocess.check_output(["zcat", archived]) == plain.read_bytes()


@pytest.mark.parametrize("place", [3, 20, 5000, 100_000, -1])
def test_what_does_not_read_back_as_it_was_does_not_become_the_archive(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    archive = tmp_path / "archive"
    real = os.fsync

    def sync_and_rot(fd: int) -> None:
        real(fd)
        path = Path(f"/proc/self/fd/{fd}").readlink()
        if path.suffix == ".tmp":
            content = bytearray(path.read_bytes())
            content[place] ^= 4
            path.write_bytes(content)

    monkeypatch.setattr(os, "fsync", sync_and_rot)
    with pytest.raises(JournalError):
        archive_segment(plain, archive)
    assert list(archive.iterdir()) == []
    assert plain.exists()


def test_a_sound_archive_of_other_bytes_is_noticed(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pread
    reads: list[int] = []

    def flip_once(fd: int, length: int, offset: int) -> Any:
        reads.append(offset)
        content = real(fd, length, offset)
        return content.swapcase() if len(reads) == 3 else content

    monkeypatch.setattr(os, "pread", flip_once)
    with pytest.raises(JournalError, match="does not read back as it is"):
        archive_segment(plain, tmp_path / "archive")
    assert list_archived(tmp_path / "archive") == []


def test_an_empty_segment_is_not_archived(tmp_path: Path) -> None:
    segment = tmp_path / f"{1:020d}.ndjson"
    segment.touch()
    with pytest.raises(JournalDamaged, match="the segment is empty"):
        archive_segment(segment, tmp_path / "archive")
