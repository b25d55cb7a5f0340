"""A key file that goes bad locks nobody out and lets nobody in; a start refuses it."""

from pathlib import Path
from unittest.mock import patch

import pytest

from surestock.access import watch
from surestock.access.changing import add_key
from surestock.access.errors import KeysFileUnusable
from tests.access.keyed import NOW
from tests.access.watched import GRANT, READ, Watched, watching


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


BAD: dict[str, bytes] = {
    "empty": b"",
    "by half": b'{"version":1,"keys":[{"id":',
    "of another version": b'{"version":2,"keys":[]}',
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
async def test_the_last_good_keys_outlive_a_bad_file(path: Path, content: bytes) -> None:
    credential = add_key(path, GRANT, NOW)
    good = path.read_bytes()
    async with watching(path) as watched:
        path.write_bytes(content)
        for _ in range(5):
            await watched.pace.look()
            assert watched.knows(credential)
            assert watched.keys.stale
        [(level, why)] = watched.logged()
        assert level == "error"
        assert str(path) in why
        path.write_bytes(content + b" ")
        await watched.pace.look()
        assert [level for level, _ in watched.logged()] == ["error"]
        path.write_bytes(good)
        await watched.pace.look()
        assert not watched.keys.stale
        assert watched.logged() == [READ]
        assert watched.knows(credential)


async def test_the_last_good_keys_outlive_a_lost_file(path: Path) -> None:
    credential = add_key(path, GRANT, NOW)
    async with watching(path) as watched:
        path.rename(path.with_name("away"))
        for _ in range(3):
            await watched.pace.look()
            assert watched.knows(credential)
        assert [level for level, _ in watched.logged()] == ["error"]
        path.with_name("away").rename(path)
        await watched.pace.look()
        assert not watched.keys.stale
        assert watched.logged() == [READ]


async def test_a_file_that_others_may_read_is_refused_until_it_is_closed_again(path: Path) -> None:
    credential = add_key(path, GRANT, NOW)
    async with watching(path) as watched:
        for _ in range(2):
            await watched.pace.look()
        path.chmod(0o644)
        await watched.pace.look()
        assert watched.keys.stale
        assert "chmod 600" in watched.logged()[0][1]
        assert watched.knows(credential)
        path.chmod(0o600)
        await watched.pace.look()
        assert watched.logged() == [READ]


async def test_a_failure_that_leaves_no_trace_on_the_file_is_got_over(path: Path) -> None:
    credential = add_key(path, GRANT, NOW)
    async with watching(path) as watched:
        add_key(path, GRANT, NOW)
        with patch.object(watch, "read_keys", side_effect=OSError(24, "Too many open files")):
            for _ in range(3):
                await watched.pace.look()
        assert watched.knows(credential)
        assert watched.logged() == [("error", f"{path} cannot be read: Too many open files.")]
        await watched.pace.look()
        assert not watched.keys.stale
        assert watched.keys.valid == 2


def test_a_start_without_usable_keys_is_refused_in_one_sentence(path: Path) -> None:
    with pytest.raises(KeysFileUnusable, match="Make a key first"):
        Watched(path).keys.load()
    for content in BAD.values():
        path.touch(0o600)
        path.write_bytes(content)
        with pytest.raises(KeysFileUnusable, match=r"keys\.json is"):
            Watched(path).keys.load()
    path.chmod(0o640)
    with pytest.raises(KeysFileUnusable, match="Run: chmod 600"):
        Watched(path).keys.load()
    with (
        patch.object(watch, "read_keys", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(KeysFileUnusable, match="cannot be read: Permission denied"),
    ):
        Watched(path).keys.load()
