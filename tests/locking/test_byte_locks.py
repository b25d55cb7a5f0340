"""A byte lock has one holder among all processes, for as long as that one lives."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.locking import ByteLocks
from tests.locking.neighbour import neighbour

_LOCK = """
import sys
from pathlib import Path
from surestock.locking import ByteLocks
locks = ByteLocks(Path(sys.argv[1]))
print(locks.try_lock(sys.argv[2]), flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "turns"


@pytest.fixture
def locks(path: Path) -> Iterator[ByteLocks]:
    locks = ByteLocks(path)
    yield locks
    locks.close()


@pytest.fixture
def others(path: Path) -> Iterator[ByteLocks]:
    locks = ByteLocks(path)
    yield locks
    locks.close()


def test_a_key_has_one_holder(locks: ByteLocks, others: ByteLocks) -> None:
    assert locks.try_lock("anna")
    assert not others.try_lock("anna")
    locks.unlock("anna")
    assert others.try_lock("anna")


def test_keys_do_not_concern_each_other(locks: ByteLocks, others: ByteLocks) -> None:
    keys = [f"user-{number}" for number in range(500)]
    assert all(locks.try_lock(key) for key in keys[::2])
    assert all(others.try_lock(key) for key in keys[1::2])
    assert not any(others.try_lock(key) for key in keys[::2])


def test_the_same_object_does_not_lock_a_key_twice(locks: ByteLocks) -> None:
    assert locks.try_lock("anna")
    assert not locks.try_lock("anna")


def test_what_was_refused_is_not_held(locks: ByteLocks, others: ByteLocks) -> None:
    assert locks.try_lock("anna")
    assert not others.try_lock("anna")
    with pytest.raises(RuntimeError, match="not locked here"):
        others.unlock("anna")
    locks.unlock("anna")
    with pytest.raises(RuntimeError, match="not locked here"):
        locks.unlock("anna")


@pytest.mark.parametrize("key", ["", "../owner", "a\0b", "x" * 1_000, "Zoë"])
def test_a_key_may_be_any_text(locks: ByteLocks, others: ByteLocks, key: str) -> None:
    assert locks.try_lock(key)
    assert not others.try_lock(key)
    locks.unlock(key)
    assert others.try_lock(key)


def test_closing_gives_everything_back(path: Path, others: ByteLocks) -> None:
    locks = ByteLocks(path)
    assert locks.try_lock("anna")
    assert locks.try_lock("ben")
    locks.close()
    locks.close()
    assert others.try_lock("anna")
    assert others.try_lock("ben")


def test_closing_gives_back_what_a_forked_child_still_has_open(
    path: Path, others: ByteLocks, locks: ByteLocks
) -> None:
    assert locks.try_lock("anna")
    copies = [os.dup(fd) for fd in _descriptors_of(path)]
    locks.close()
    assert others.try_lock("anna")
    for copy in copies:
        os.close(copy)


def test_the_file_stays_empty_and_is_for_its_owner_alone(locks: ByteLocks, path: Path) -> None:
    assert locks.try_lock("anna")
    assert path.stat().st_size == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symlink_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        ByteLocks(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_kill_frees_the_key_at_once(locks: ByteLocks, path: Path) -> None:
    with neighbour(_LOCK, str(path), "anna") as holder:
        assert holder.said == "True"
        assert not locks.try_lock("anna")
        holder.kill()
        assert locks.try_lock("anna")


def test_a_process_that_stands_still_keeps_its_key(locks: ByteLocks, path: Path) -> None:
    with neighbour(_LOCK, str(path), "anna") as holder:
        holder.stop()
        assert not locks.try_lock("anna")
        assert locks.try_lock("ben"), "and only its own"
        holder.resume()
        assert not locks.try_lock("anna")


def test_a_neighbour_is_refused_what_is_held_here(locks: ByteLocks, path: Path) -> None:
    assert locks.try_lock("anna")
    with neighbour(_LOCK, str(path), "anna") as other:
        assert other.said == "False"


def _descriptors_of(path: Path) -> list[int]:
    links = Path("/proc/self/fd").iterdir()
    return [int(link.name) for link in links if os.path.realpath(link) == str(path.resolve())]
