"""Decisions outlive the worker, whatever moment it dies at, and are never believed when damaged."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from surestock.inventory.central import DeadLetter, LetterStatus
from surestock.kit import failpoints
from surestock.sync.decisions import NAME, DecisionFile
from surestock.sync.errors import CentralDamaged
from tests.sync.fold.paper import START

BROKEN = OSError(errno.EIO, "Input/output error")


def letter(sequence: int, status: LetterStatus = "dead") -> DeadLetter:
    failed_at = START + timedelta(microseconds=sequence)
    reason = "wrong" if status == "discarded" else None
    return DeadLetter(
        f"{sequence}.0", sequence, "west", "tea", status, 3, "bad", failed_at, 0, reason
    )


def opened(directory: Path) -> DecisionFile:
    return DecisionFile(directory, lambda: START)


def kept(directory: Path) -> list[DeadLetter]:
    return opened(directory).letters


def fail() -> None:
    raise BROKEN


def test_what_was_decided_is_read_back_in_order(tmp_path: Path) -> None:
    file = opened(tmp_path / "central")
    decided = [letter(1), letter(2, "discarded"), letter(1, "redriven")]
    file.append(decided[:2])
    file.append(decided[2:])
    assert kept(tmp_path / "central") == decided


def test_without_a_file_nothing_was_decided_and_none_is_made(tmp_path: Path) -> None:
    assert kept(tmp_path / "central") == []
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_for_the_owner_alone(tmp_path: Path) -> None:
    opened(tmp_path / "central").append([letter(1)])
    path = tmp_path / "central" / NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_each_decision_is_synced_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = opened(tmp_path)
    synced: list[bytes] = []
    real = os.fsync

    def noted(fd: int) -> None:
        real(fd)
        synced.append((tmp_path / NAME).read_bytes())

    monkeypatch.setattr(os, "fsync", noted)
    for sequence in (1, 2):
        synced.clear()
        file.append([letter(sequence)])
        assert synced[0].count(b"\n") == sequence
        assert len(synced) == 2, "the file and its directory"


@pytest.mark.parametrize("cut", ["everywhere", "flipped"])
def test_a_torn_last_line_is_cut_off_at_whatever_byte(tmp_path: Path, cut: str) -> None:
    file = opened(tmp_path)
    file.append([letter(1)])
    path = tmp_path / NAME
    sound = path.read_bytes()
    file.append([letter(2), letter(3)])
    whole = path.read_bytes()
    for at in range(len(sound), len(whole)):
        torn = whole[:at] if cut == "everywhere" else flipped(whole, at)
        path.write_bytes(torn)
        again = opened(tmp_path)
        assert again.letters == [letter(1)]
        again.append([letter(4)])
        assert kept(tmp_path) == [letter(1), letter(4)]


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_damage_before_the_last_line_is_refused_and_the_way_out_is_told(tmp_path: Path) -> None:
    file = opened(tmp_path)
    for sequence in (1, 2, 3):
        file.append([letter(sequence)])
    path = tmp_path / NAME
    whole = path.read_bytes()
    second = whole.index(b"\n") + 1
    for at in range(len(whole[: whole.rindex(b"\n", 0, -1)])):
        path.write_bytes(flipped(whole, at))
        with pytest.raises(CentralDamaged, match=r"dead-letters.ndjson line .*delete the folder"):
            opened(tmp_path)
    path.write_bytes(flipped(whole, second + 30))
    with pytest.raises(CentralDamaged, match=f"line 2 at byte {second}: its checksum"):
        opened(tmp_path)


def test_a_line_of_another_kind_is_refused_though_its_checksum_is_right(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.append([replace(letter(1), status="forgotten")])
    with pytest.raises(CentralDamaged, match="it is no decision"):
        opened(tmp_path)


@pytest.mark.parametrize(
    "name", ["decisions.open", "decisions.truncate", "file.write", "decisions.fsync"]
)
def test_after_a_failure_the_next_decision_takes_its_place(tmp_path: Path, name: str) -> None:
    file = opened(tmp_path)
    file.append([letter(1)])
    failpoints.arm(name, fail)
    try:
        with pytest.raises(OSError, match="Input/output error"):
            file.append([letter(2), letter(2)])
    finally:
        failpoints.disarm_all()
    assert kept(tmp_path)[:1] == [letter(1)]
    file.append([letter(3)])
    assert (tmp_path / NAME).read_bytes().count(b"\n") == 2, "something was left behind"
    assert kept(tmp_path) == [letter(1), letter(3)]


def test_a_folder_that_was_deleted_meanwhile_is_begun_anew(tmp_path: Path) -> None:
    file = opened(tmp_path / "central")
    file.append([letter(1)])
    (tmp_path / "central" / NAME).unlink()
    (tmp_path / "central").rmdir()
    file.append([letter(2)])
    assert kept(tmp_path / "central") == [letter(2)]
