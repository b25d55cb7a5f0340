"""The forgetful disk is checked first, as a model and as a mounted file system."""

import errno
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.forgetful_disk import ForgetfulDisk
from tests.proof.fuse_mount import FuseMount


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[FuseMount]:
    mount = FuseMount(ForgetfulDisk(), tmp_path)
    try:
        mount.mount()
    except OSError as error:
        mount.close()
        pytest.skip(f"a forgetful disk needs FUSE and root: {error.strerror}")
    yield mount
    mount.close()


def _cycle(mount: FuseMount) -> None:
    mount.disk.cut()
    mount.unmount()
    mount.disk.restart(random.Random(0), harsh=True)
    mount.mount()


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def _write(path: Path, content: bytes, *, sync: bool = True) -> None:
    with path.open("ab", buffering=0) as file:
        file.write(content)
        if sync:
            os.fdatasync(file.fileno())


@pytest.mark.root
def test_it_is_a_file_system(mounted: FuseMount) -> None:
    folder = mounted.folder / "folder"
    folder.mkdir()
    _write(folder / "a", b"x" * 200_000)
    (folder / "a").rename(folder / "b")
    os.truncate(folder / "b", 5)
    assert [path.name for path in folder.iterdir()] == ["b"]
    assert (folder / "b").read_bytes() == b"xxxxx"
    (folder / "b").unlink()
    assert not (folder / "b").exists()


@pytest.mark.root
def test_a_file_is_kept_when_its_bytes_and_its_name_were_synced(mounted: FuseMount) -> None:
    _write(mounted.folder / "log", b"kept")
    _sync(mounted.folder)
    _write(mounted.folder / "log", b" forgotten", sync=False)
    _cycle(mounted)
    assert (mounted.folder / "log").read_bytes() == b"kept"


@pytest.mark.root
def test_a_new_file_is_gone_when_its_directory_was_not_synced(mounted: FuseMount) -> None:
    _write(mounted.folder / "log", b"durable, but nameless")
    _cycle(mounted)
    assert list(mounted.folder.iterdir()) == []


@pytest.mark.root
def test_nothing_is_read_or_written_after_the_cut(mounted: FuseMount) -> None:
    _write(mounted.folder / "log", b"content")
    mounted.disk.cut()
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        (mounted.folder / "log").read_bytes()


def test_a_lenient_cut_keeps_some_changes_and_may_tear_a_write() -> None:
    sizes = set()
    for seed in range(50):
        disk = ForgetfulDisk()
        file = disk.new_file(disk.root, "log", 0o600)
        disk.root.sync()
        file.write(0, b"x" * 2_000)
        disk.restart(random.Random(seed))
        sizes.add(len(file.data))
    assert {0, 512, 2_000} <= sizes
