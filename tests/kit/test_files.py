"""A file is there as a whole or not at all; whoever created a name has made it durable."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from surestock.kit import failpoints
from surestock.kit.files import make_directory, sync_directory, write_all, write_atomic


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm_all()


def fail() -> None:
    raise OSError(errno.EIO, "Input/output error")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_by_the_new_content_and_leaves_nothing_beside_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state"
    for content in (b"old", b"", b"new" * 100_000):
        write_atomic(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    assert mode(path) == 0o600


@pytest.mark.parametrize("step", ["file.write", "file.fsync", "file.rename"])
def test_a_step_that_fails_before_the_rename_leaves_the_old_content(
    tmp_path: Path, step: str
) -> None:
    path = tmp_path / "state"
    write_atomic(path, b"old")
    failpoints.arm(step, fail)
    with pytest.raises(OSError, match="Input/output"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    failpoints.disarm_all()
    write_atomic(path, b"newer")
    assert path.read_bytes() == b"newer"


def test_a_rename_that_may_not_be_durable_is_told(tmp_path: Path) -> None:
    failpoints.arm("directory.fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_atomic(tmp_path / "state", b"new")


def noted(steps: list[str], name: str) -> Callable[[], None]:
    return lambda: steps.append(name)


def test_the_content_is_synced_before_the_name_and_the_name_before_the_return(
    tmp_path: Path,
) -> None:
    steps: list[str] = []
    for name in ("file.write", "file.fsync", "file.rename", "directory.fsync"):
        failpoints.arm(name, noted(steps, name))
    write_atomic(tmp_path / "state", b"new")
    assert steps == ["file.write", "file.fsync", "file.rename", "directory.fsync"]


def test_directories_are_made_for_the_owner_alone_and_each_name_is_synced(
    tmp_path: Path,
) -> None:
    synced: list[str] = []
    failpoints.arm("directory.fsync", noted(synced, "directory"))
    make_directory(tmp_path / "data" / "event-log")
    assert len(synced) == 2
    assert mode(tmp_path / "data") == mode(tmp_path / "data" / "event-log") == 0o700
    make_directory(tmp_path / "data" / "event-log")
    assert len(synced) == 2


def test_a_directory_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path / "gone")


def test_short_writes_go_on_where_they_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: whole(fd, bytes(data[:3])))
    fd = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    try:
        write_all(fd, b"0123456789")
    finally:
        os.close(fd)
    assert (tmp_path / "file").read_bytes() == b"0123456789"
