"""The instrument of the power cuts is checked first: it forgets what it must, and only that."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.loop_disk import LoopDisk, why_unavailable


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopDisk]:
    reason = why_unavailable(request.param, tmp_path / "probe")
    if reason is not None:
        pytest.skip(reason)
    made = LoopDisk(request.param, tmp_path / "disk")
    made.mount()
    yield made
    made.close()


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def _write(path: Path, content: bytes, *, sync: bool) -> None:
    with path.open("ab", buffering=0) as file:
        file.write(content)
        if sync:
            os.fdatasync(file.fileno())


def _cycle(disk: LoopDisk) -> None:
    disk.cut()
    disk.unmount()
    disk.mount()


@pytest.mark.root
def test_a_cut_keeps_what_was_synced_and_forgets_what_was_only_written(disk: LoopDisk) -> None:
    log = disk.mounted / "log"
    _write(log, b"kept", sync=True)
    _sync(disk.mounted)
    _write(log, b" forgotten", sync=False)
    _cycle(disk)
    assert log.read_bytes() == b"kept"


@pytest.mark.root
def test_a_cut_forgets_a_rename_whose_directory_was_not_synced(disk: LoopDisk) -> None:
    old, new = disk.mounted / "old", disk.mounted / "new"
    _write(old, b"content", sync=True)
    _sync(disk.mounted)
    old.rename(new)
    _cycle(disk)
    assert [path.name for path in disk.mounted.iterdir() if path in {old, new}] == ["old"]


@pytest.mark.root
def test_these_file_systems_keep_the_name_of_a_new_file_that_was_synced(disk: LoopDisk) -> None:
    """Kinder than POSIX: so a missing fsync of the directory shows on a forgetful disk only."""
    _write(disk.mounted / "new", b"content", sync=True)
    _cycle(disk)
    assert (disk.mounted / "new").read_bytes() == b"content"
