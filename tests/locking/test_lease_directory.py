"""Nothing in a lease directory, by accident or malice, leads a process elsewhere or stops it."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from surestock.locking.lease import FileLeases, LeaseHeld, LeaseLost
from tests.locking.lessees import TTL_S, Lessees


def test_directory_and_files_are_for_their_owner_alone(anna: FileLeases, lessees: Lessees) -> None:
    lessees.directory = lessees.directory / "made" / "on" / "first use"
    old_mask = os.umask(0)
    try:
        anna = lessees.owner("anna")
        anna.acquire("k", TTL_S)
        anna.probe()
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(lessees.directory.stat().st_mode) == 0o700
    modes = {each.name[:5]: stat.S_IMODE(each.stat().st_mode) for each in _files(lessees)}
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "key", ["", ".", "..", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 1_000, "Zoë/日本", "\n"]
)
def test_a_key_never_becomes_part_of_a_path(
    anna: FileLeases, ben: FileLeases, lessees: Lessees, key: str
) -> None:
    lease = anna.acquire(key, TTL_S)
    [file] = lessees.lease_files()
    assert set(file.name) <= set("0123456789abcdef")
    assert list(lessees.directory.parent.iterdir()) == [lessees.directory]
    with pytest.raises(LeaseHeld):
        ben.acquire(key, TTL_S)
    anna.release(lease)
    assert lessees.lease_files() == []


def _no_lease(path: Path) -> None:
    path.write_bytes(b"")


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _too_long(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" " * 20_000)


def _other_format(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2'))


def _more_fields(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"format"', b'"more":1,"format"'))


def _of_another_key(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"key":"k"', b'"key":"j"'))


def _for_ever(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"expires_at":2.0', b'"expires_at":1e300'))


def _no_utf8(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"about":"', b'"about":"\xff'))


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(4_096))


@pytest.mark.parametrize(
    "spoil",
    [
        _no_lease,
        _half,
        _too_long,
        _other_format,
        _more_fields,
        _of_another_key,
        _for_ever,
        _no_utf8,
        _zeros,
    ],
)
def test_a_file_that_is_no_lease_counts_as_one_whose_time_is_over(
    anna: FileLeases, ben: FileLeases, lessees: Lessees, spoil: Callable[[Path], None]
) -> None:
    lease = anna.acquire("k", TTL_S)
    [file] = lessees.lease_files()
    before = file.read_bytes()
    spoil(file)
    assert file.read_bytes() != before, "nothing was spoilt"
    assert not ben.is_locked("k")
    taken = ben.acquire("k", TTL_S)
    assert taken.stolen
    assert taken.token > lease.token
    with pytest.raises(LeaseLost):
        anna.renew(lease, TTL_S)
    ben.release(taken)


@pytest.mark.parametrize("spoil", [_no_lease, _half, _zeros])
def test_what_is_no_lease_cannot_be_renewed(
    anna: FileLeases, lessees: Lessees, spoil: Callable[[Path], None]
) -> None:
    lease = anna.acquire("k", TTL_S)
    spoil(lessees.lease_files()[0])
    with pytest.raises(LeaseLost):
        anna.renew(lease, TTL_S)
    with pytest.raises(LeaseLost):
        anna.release(lease)


def _as_link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("name", ["guard-", "spare-", ""])
def test_a_symlink_in_place_of_a_file_is_refused_and_what_it_names_is_left_alone(
    lessees: Lessees, tmp_path: Path, name: str
) -> None:
    """The files of a lease: its guard, the spare one that the next is written to, its own."""
    anna, ben = lessees.owner("anna"), lessees.owner("ben")
    anna.release(anna.acquire("k", TTL_S))  # leaves a spare file
    if not name:
        anna.acquire("k", TTL_S)
    target = tmp_path / "target"
    target.write_text("precious")
    [file] = [
        each
        for each in _files(lessees)
        if each.name.startswith(name or lessees.lease_files()[0].name)
    ]
    _as_link(file, target)
    with pytest.raises(OSError, match="symbolic link"):
        ben.acquire("k", TTL_S)
    assert target.read_text() == "precious"
    assert file.is_symlink()


@pytest.mark.parametrize("exists", [False, True])
def test_a_directory_that_is_a_symlink_is_refused(tmp_path: Path, *, exists: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    if exists:
        elsewhere.mkdir()
    link = tmp_path / "locks"
    link.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link" if exists else "exists"):
        Lessees(link).owner("anna").acquire("k", TTL_S)
    assert not exists or list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["guard-", "spare-"])
def test_a_file_with_a_second_name_is_not_written_to(
    lessees: Lessees, tmp_path: Path, name: str
) -> None:
    anna = lessees.owner("anna")
    anna.release(anna.acquire("k", TTL_S))
    target = tmp_path / "target"
    target.write_text("precious")
    [file] = [each for each in _files(lessees) if each.name.startswith(name)]
    file.unlink()
    file.hardlink_to(target)
    ben = lessees.owner("ben")
    if name == "guard-":
        with pytest.raises(OSError, match="second name"):
            ben.acquire("k", TTL_S)
    else:
        ben.acquire("k", TTL_S)
    assert target.read_text() == "precious"


@pytest.mark.parametrize("name", ["guard-", "spare-", ""])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_holds_nobody_up(
    lessees: Lessees, name: str, make: Callable[[Path], None]
) -> None:
    anna, ben = lessees.owner("anna"), lessees.owner("ben")
    anna.release(anna.acquire("k", TTL_S))
    file = _files(lessees)[0].with_name(_lease_name(lessees))
    if name:
        [file] = [each for each in _files(lessees) if each.name.startswith(name)]
        file.unlink()
    make(file)
    if not name and make is os.mkfifo:
        assert ben.acquire("k", TTL_S).stolen
    else:
        with pytest.raises(OSError, match=r"\[Errno"):
            ben.acquire("k", TTL_S)


def test_a_directory_that_is_removed_is_made_again(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    anna.acquire("k", TTL_S)
    shutil.rmtree(lessees.directory)
    anna.acquire("k", TTL_S)
    with pytest.raises(LeaseHeld):
        ben.acquire("k", TTL_S)


def test_whoever_used_a_directory_that_was_moved_comes_along_to_the_new_one(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    lease = anna.acquire("k", TTL_S)
    lessees.directory.rename(lessees.directory.with_name("moved"))
    ben.acquire("k", TTL_S)
    with pytest.raises(LeaseHeld):
        anna.acquire("k", TTL_S)
    with pytest.raises(LeaseLost):
        anna.renew(lease, TTL_S)


def test_a_directory_that_is_none_any_more_is_found_out_at_once_and_used_again_when_it_is_one(
    anna: FileLeases, lessees: Lessees
) -> None:
    lease = anna.acquire("k", TTL_S)
    aside = lessees.directory.rename(lessees.directory.with_name("moved"))
    lessees.directory.write_text("no directory")
    with pytest.raises(OSError, match="exists"):
        anna.acquire("other", TTL_S)
    lessees.directory.unlink()
    aside.rename(lessees.directory)
    anna.release(lease)


def _files(lessees: Lessees) -> list[Path]:
    return list(lessees.directory.iterdir())


def _lease_name(lessees: Lessees) -> str:
    other = Lessees(lessees.directory.with_name("other"))
    other.owner("anyone").acquire("k", TTL_S)
    return other.lease_files()[0].name
