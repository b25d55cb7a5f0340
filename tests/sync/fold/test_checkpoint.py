"""The checkpoint is there as a whole or not at all, and never believed when altered."""

import errno
from pathlib import Path

import pytest

from surestock.journal.line import seal
from surestock.kit import failpoints
from surestock.sync.checkpoint import NAME, Checkpoint, read_checkpoint, write_checkpoint
from surestock.sync.errors import CentralDamaged


@pytest.mark.parametrize("oldest", [None, 3])
def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path, oldest: int | None) -> None:
    checkpoint = Checkpoint(7, "51c2e9aa", oldest)
    write_checkpoint(tmp_path / "central", checkpoint)
    assert read_checkpoint(tmp_path / "central") == checkpoint


def test_without_a_file_there_is_no_checkpoint(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "central") is None


@pytest.mark.parametrize("step", ["file.write", "file.fsync", "file.rename"])
def test_a_failure_leaves_the_one_before(tmp_path: Path, step: str) -> None:
    write_checkpoint(tmp_path, Checkpoint(7, "51c2e9aa"))

    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    failpoints.arm(step, fail)
    try:
        with pytest.raises(OSError, match="No space"):
            write_checkpoint(tmp_path, Checkpoint(8, "51c2e9ab"))
    finally:
        failpoints.disarm_all()
    assert read_checkpoint(tmp_path) == Checkpoint(7, "51c2e9aa")


def test_a_checkpoint_with_any_byte_altered_or_missing_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, Checkpoint(7, "51c2e9aa"))
    path = tmp_path / NAME
    whole = path.read_bytes()
    for at in range(len(whole) - 1):
        for content in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            path.write_bytes(content)
            with pytest.raises(CentralDamaged, match=r"checkpoint.json .*delete the folder"):
                read_checkpoint(tmp_path)


def test_a_format_of_another_release_is_refused_by_its_name(tmp_path: Path) -> None:
    rest = b'"format":"surestock-checkpoint/9","sequence":1,"logCrc":"x","oldestParked":null}'
    (tmp_path / NAME).write_bytes(seal(rest)[0])
    with pytest.raises(CentralDamaged, match="unknown format 'surestock-checkpoint/9'"):
        read_checkpoint(tmp_path)
