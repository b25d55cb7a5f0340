"""Changes of the key file that meet, fail or are cut off: none is lost, and none is there by half.

Teeth: without the guard, a change that comes between another one's reading and writing is lost;
a file that is written in place is found by half.
"""

import errno
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest

from surestock.access import changing
from surestock.access.changing import Grant, add_key
from surestock.access.errors import KeysFileBusy, KeysFileUnusable
from surestock.access.key_file import StoredKeys, encode_keys, read_keys
from surestock.access.scope import Scope
from surestock.kit import failpoints
from surestock.kit.failpoints import hit
from tests.access.keyed import NOW

GRANT = Grant("till", [Scope.INVENTORY_READ])
_CREATOR = Path(__file__).with_name("creator.py")
STEPS = ("file.write", "file.fsync", "file.rename", "directory.fsync")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm_all()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access" / "keys.json"


@pytest.mark.timeout(300)
def test_processes_that_change_the_file_at_once_lose_nothing(path: Path) -> None:
    with ExitStack() as ended:
        processes = [
            ended.enter_context(
                subprocess.Popen(
                    [sys.executable, _CREATOR, path, f"client-{number}", "15"],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(4)
        ]
        printed = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    made = {key_id for ids in printed for key_id in ids}
    gone = {key_id for ids in printed for key_id in ids[1::2]}
    keys = read_keys(path)
    assert len(made) == 4 * 30
    assert {key.key_id for key in keys} == made
    assert {key.key_id for key in keys if key.revoked_at is not None} == gone


def keys_after_a_change_within_another(
    path: Path, guard: Callable[..., AbstractContextManager[None]]
) -> int:
    """Add a key, and another one between its reading and writing; count keys and refusals."""
    refused = []
    within = iter([add_key])

    def interrupted(keys: StoredKeys) -> bytes:
        for change in within:
            try:
                change(path, GRANT, NOW)
            except KeysFileBusy as busy:
                refused.append(busy)
        return encode_keys(keys)

    with (
        patch.object(changing, "_guarded", guard),
        patch.object(changing, "_LOOK_EVERY_S", 0.0),
        patch.object(changing, "encode_keys", interrupted),
    ):
        add_key(path, GRANT, NOW)
    return len(read_keys(path)) + len(refused)


def test_a_change_within_another_one_is_kept_or_refused_but_never_lost(path: Path) -> None:
    assert keys_after_a_change_within_another(path, changing._guarded) == 2  # noqa: SLF001


def test_without_the_guard_a_change_is_lost(path: Path) -> None:
    assert keys_after_a_change_within_another(path, lambda _: nullcontext()) == 1


def fail() -> None:
    raise OSError(errno.EIO, "Input/output error")


def in_place(path: Path, content: bytes) -> None:
    """Write as nothing here may write."""
    with path.open("wb") as file:
        file.write(content[:100])
        file.flush()
        hit("file.fsync")
        file.write(content[100:])


def counts_after_failing_at(path: Path, step: str) -> list[int]:
    """Return how many keys there are after an add that fails at ``step``, and after one more."""
    counts = []
    failpoints.arm(step, fail)
    with pytest.raises(OSError, match="Input/output"):
        add_key(path, GRANT, NOW)
    failpoints.disarm_all()
    counts.append(len(read_keys(path)))
    add_key(path, GRANT, NOW)
    return [*counts, len(read_keys(path))]


@pytest.mark.parametrize("step", STEPS)
def test_a_change_that_fails_at_any_step_leaves_the_old_file_or_the_new_one(
    path: Path, step: str
) -> None:
    add_key(path, GRANT, NOW)
    expected = [2, 3] if step == "directory.fsync" else [1, 2]
    assert counts_after_failing_at(path, step) == expected


def test_a_file_that_is_written_in_place_is_found_by_half(path: Path) -> None:
    add_key(path, GRANT, NOW)
    with patch.object(changing, "write_atomic", in_place), pytest.raises(KeysFileUnusable):
        counts_after_failing_at(path, "file.fsync")
