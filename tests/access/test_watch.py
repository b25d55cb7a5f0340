"""What happens to the key file is seen at the next look, without a restart."""

import asyncio
import os
from pathlib import Path
from unittest.mock import patch

import pytest

from surestock.access import watch
from surestock.access.changing import add_key, revoke_key
from surestock.access.key_file import read_keys, stamp_of
from surestock.api.keys import Keys
from tests.access.keyed import LATER, NOW, drawn, header, write
from tests.access.watched import GRANT, READ, Watched, watching


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
