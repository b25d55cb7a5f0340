"""What happens to the file is seen at the next look; no look lets a key in or out by half."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from surestock.access import watch
from surestock.access.changing import Grant, add_key, revoke_key
from surestock.access.credential import Credential
from surestock.access.errors import KeysFileUnusable
from surestock.access.key_file import read_keys, stamp_of
from surestock.access.scope import Scope
from surestock.access.watch import EVERY_S, WatchedKeys
from surestock.api.keys import Keys
from surestock.kit.clock import ManualClock
from surestock.telemetry.log import make_log
from tests.access.keyed import LATER, NOW, drawn, header, write

GRANT = Grant("till", [Scope.INVENTORY_READ])


class Pace:
    """Stands in for sleeping: a look is taken when the test asks for one."""

    def __init__(self) -> None:
        self._asleep = asyncio.Event()
        self._wake = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        assert seconds == EVERY_S
        self._asleep.set()
        await self._wake.wait()
        self._wake.clear()

    async def look(self) -> None:
        """Let one look be taken, and come back when it is over."""
        await self._asleep.wait()
        self._asleep.clear()
        self._wake.set()
        await self._asleep.wait()


class Watched:
    """Keys that are watched, and what was logged about them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[bytes] = []
        self.pace = Pace()
        log = make_log(self.lines.append, ManualClock(), "info")
        self.keys = WatchedKeys(path, log, self.pace.sleep)

    def knows(self, credential: Credential) -> bool:
        return self.keys.caller_of(header(credential)) is not None

    def logged(self) -> list[tuple[str, str]]:
        """Return level and event of each entry since the last call."""
        entries: list[dict[str, Any]] = [msgspec.json.decode(line) for line in self.lines]
        self.lines.clear()
        return [(entry["level"], entry.get("why", entry["event"])) for entry in entries]


READ = ("info", "the API keys were read")


@asynccontextmanager
async def watching(path: Path) -> AsyncIterator[Watched]:
    watched = Watched(path)
    await asyncio.to_thread(watched.keys.load)
    assert watched.logged() == [READ]
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watched.keys.run())
        yield watched
        running.cancel()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


async def test_what_is_watched_is_what_the_api_asks_for(path: Path) -> None:
    credential = add_key(path, GRANT, NOW)
    keys: Keys = (watched := Watched(path)).keys
    assert keys.caller_of(header(credential)) is None
    watched.keys.load()
    caller = keys.caller_of(header(credential))
    assert caller is not None
    assert caller.client == "till"
    assert keys.is_valid(caller)
    assert keys.caller_of(None) is None


async def test_a_new_key_and_a_revoked_one_are_seen_without_a_restart(path: Path) -> None:
    old = add_key(path, GRANT, NOW)
    async with watching(path) as watched:
        caller = watched.keys.caller_of(header(old))
        assert caller is not None
        new = add_key(path, GRANT, NOW)
        await watched.pace.look()
        assert watched.knows(old)
        assert watched.knows(new)
        assert watched.keys.valid == 2
        revoke_key(path, old.key_id, LATER)
        assert watched.keys.is_valid(caller)
        await watched.pace.look()
        assert not watched.knows(old)
        assert not watched.keys.is_valid(caller)
        assert watched.knows(new)
        assert watched.keys.valid == 1
        assert watched.logged() == [READ, READ]


async def test_a_key_that_is_taken_out_of_the_file_is_nobody_s(path: Path) -> None:
    (one, first), (two, second) = drawn(), drawn()
    write(path, first, second)
    async with watching(path) as watched:
        caller = watched.keys.caller_of(header(one))
        assert caller is not None
        write(path, second)
        await watched.pace.look()
        assert not watched.knows(one)
        assert not watched.keys.is_valid(caller)
        assert watched.knows(two)


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


@pytest.mark.usefixtures("no_blocking_calls")
async def test_looking_does_not_block_the_event_loop(path: Path) -> None:
    await asyncio.to_thread(add_key, path, GRANT, NOW)
    async with watching(path) as watched:
        added = await asyncio.to_thread(add_key, path, GRANT, NOW)
        await watched.pace.look()
        assert watched.knows(added)


async def test_a_file_that_does_not_change_is_not_read_again(path: Path) -> None:
    add_key(path, GRANT, NOW)
    with patch.object(watch, "read_keys", wraps=read_keys) as reading:
        async with watching(path) as watched:
            for _ in range(10):
                await watched.pace.look()
            assert reading.call_count == 2
            assert watched.logged() == []
            path.touch()
            for _ in range(10):
                await watched.pace.look()
            assert reading.call_count == 4
            assert watched.logged() == []


async def test_a_change_in_the_same_tick_of_the_clock_is_seen_a_look_later(path: Path) -> None:
    (one, first), (two, second) = drawn(), drawn()
    write(path, first)
    same = stamp_of(path.stat())
    with patch.object(watch, "_stamp_of", lambda _: same):
        async with watching(path) as watched:
            write(path, second)
            await watched.pace.look()
            assert watched.knows(two)
            assert not watched.knows(one)


async def test_a_file_with_the_size_and_the_time_of_the_old_one_is_another_file(path: Path) -> None:
    (one, first), (two, second) = drawn(), drawn()
    write(path, first)
    async with watching(path) as watched:
        for _ in range(2):
            await watched.pace.look()
        before = path.stat()
        write(path, second)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (
            before.st_size,
            before.st_mtime_ns,
        )
        await watched.pace.look()
        assert watched.knows(two)
        assert not watched.knows(one)


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


async def test_no_secret_is_logged_or_shown(path: Path) -> None:
    made = [add_key(path, GRANT, NOW) for _ in range(2)]
    secrets = [credential.text[-43:] for credential in made]
    async with watching(path) as watched:
        for change in (
            lambda: revoke_key(path, made[0].key_id, LATER),
            lambda: path.write_text(made[1].text),
            path.unlink,
        ):
            change()
            await watched.pace.look()
        shown = b"".join(watched.lines).decode()
        assert shown.count('"error"') == 2
        callers = [watched.keys.caller_of(header(it)) for it in made]
        for text in (shown, repr(vars(watched.keys)), repr(callers)):
            assert not any(secret in text for secret in secrets)
