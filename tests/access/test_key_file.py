"""The file says what it is; whatever is wrong with it is told in a sentence that names it."""

import os
import re
import socket
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.access.credential import draw_credential
from surestock.access.errors import KeysFileMissing, KeysFileUnusable
from surestock.access.key_file import (
    MOST_BYTES,
    StoredKey,
    decode_keys,
    encode_keys,
    read_keys,
)
from surestock.access.names import RESERVED
from surestock.access.scope import Scope
from tests.access.keyed import drawn, write

KEY: dict[str, Any] = {
    "id": "k3n5q2v7x4ab",
    "client": "till-berlin",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "scopes": ["inventory:read", "inventory:write"],
    "stores": ["berlin"],
    "createdAt": "2026-01-01T00:00:00Z",
    "revokedAt": None,
    "note": "the till at the door",
}
FILE = Path("keys.json")

LETTERS = string.ascii_letters + string.digits


def texts(alphabet: str, shortest: int, longest: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=shortest, max_size=longest)


names = st.builds(str.__add__, st.sampled_from(LETTERS), texts(LETTERS + "._:-", 0, 63)).filter(
    lambda name: name.lower() not in RESERVED
)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
stored = st.builds(
    StoredKey,
    key_id=texts("abcdefghijklmnopqrstuvwxyz234567", 12, 12),
    client=names,
    sha256=texts("0123456789abcdef", 64, 64),
    scopes=st.lists(st.sampled_from(Scope), min_size=1, unique=True).map(tuple),
    stores=st.none() | st.lists(names, min_size=1, max_size=3).map(tuple),
    created_at=times,
    revoked_at=st.none() | times,
    note=st.none() | st.text(min_size=1, max_size=200).filter(str.isprintable),
)


def content(**changes: Any) -> bytes:
    """Return a sound file but for ``changes`` of its one key; ``...`` takes a member away."""
    key = {name: value for name, value in {**KEY, **changes}.items() if value is not ...}
    return orjson.dumps({"version": 1, "keys": [key]})


@given(st.lists(stored, max_size=5, unique_by=lambda key: key.key_id).map(tuple))
def test_what_is_written_is_read_again(keys: tuple[StoredKey, ...]) -> None:
    assert decode_keys(FILE, encode_keys(keys)) == keys


def test_the_format_is_the_one_that_is_documented() -> None:
    [key] = decode_keys(FILE, content())
    assert orjson.loads(encode_keys((key,))) == {"version": 1, "keys": [KEY]}
    assert (key.key_id, key.client, key.stores) == ("k3n5q2v7x4ab", "till-berlin", ("berlin",))
    [bare] = decode_keys(FILE, content(note=...))
    assert "note" not in orjson.loads(encode_keys((bare,)))["keys"][0]


def test_a_file_without_keys_is_a_file() -> None:
    assert decode_keys(FILE, b'{"version":1,"keys":[]}') == ()


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "half a file": content()[:-20],
    "not JSON": b"keys: []",
    "not UTF-8": content(note="?").replace(b"?", b"\xff"),
    "a list": b"[]",
    "null": b"null",
    "no version": b'{"keys":[]}',
    "a version of another type": b'{"version":"1","keys":[]}',
    "no keys": b'{"version":1}',
    "keys of another type": b'{"version":1,"keys":{}}',
    "something beside the keys": b'{"version":1,"keys":[],"expires":1}',
    "something after it": content() + b"{}",
    "nested without end": b'{"keys":' + b"[" * 100_000,
    "the same id twice": orjson.dumps({"version": 1, "keys": [KEY, KEY]}),
    **{f"no {name}": content(**{name: ...}) for name in KEY if name != "note"},
    "a member that this release does not know": content(expiresAt="2026-01-01T00:00:00Z"),
    "an id with a capital": content(id="K3n5q2v7x4ab"),
    "an id that is too short": content(id="k3n5q2v7x4a"),
    "an id with a line feed": content(id="k3n5q2v7x4ab\n"),
    "a hash that is too short": content(sha256=KEY["sha256"][:-1]),
    "a hash in capitals": content(sha256=KEY["sha256"].upper()),
    "a hash with a line feed": content(sha256=KEY["sha256"] + "\n"),
    "no scope": content(scopes=[]),
    "an unknown scope": content(scopes=["inventory:all"]),
    "a scope as text": content(scopes="inventory:read"),
    "no store": content(stores=[]),
    "a store that is none": content(stores=["berlin", ""]),
    "a store as text": content(stores="berlin"),
    "a time without a zone": content(createdAt="2026-01-01T00:00:00"),
    "a time as a number": content(revokedAt=1),
    "a note of two lines": content(note="a\nb"),
    "an empty note": content(note=""),
    "a note that is too long": content(note="a" * 201),
    **{f"the client {name}": content(client=name) for name in sorted(RESERVED)},
    "the client Anonymous": content(client="Anonymous"),
    "a client without a name": content(client=""),
    "a client with a space": content(client="my till"),
    "a client with a line feed": content(client="till\n"),
    "a client whose name is too long": content(client="a" * 65),
}


@pytest.mark.parametrize("bad", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_file_is_refused_in_one_sentence_that_names_it(
    tmp_path: Path, bad: bytes
) -> None:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_bytes(bad)
    with pytest.raises(KeysFileUnusable) as refused:
        read_keys(path)
    sentence = str(refused.value)
    assert sentence.startswith(f"{path} is no file of API keys (")
    assert "surestock keys" in sentence
    assert "\n" not in sentence


def test_any_cut_of_a_sound_file_is_refused() -> None:
    whole = encode_keys((drawn()[1], drawn()[1]))
    for end in range(len(whole.rstrip())):
        with pytest.raises(KeysFileUnusable):
            decode_keys(FILE, whole[:end])


@pytest.mark.parametrize("version", [0, 2, -1, 10**12])
def test_a_file_of_another_version_is_not_guessed_at(version: int) -> None:
    made = orjson.dumps({"version": version, "secrets": "of another release"})
    with pytest.raises(KeysFileUnusable, match=f"keys.json is of version {version}, which this"):
        decode_keys(FILE, made)


def test_a_key_that_was_put_into_the_file_by_mistake_is_not_told_on() -> None:
    text = draw_credential().text
    for name in ("id", "client", "sha256", "createdAt", "note"):
        with pytest.raises(KeysFileUnusable) as refused:
            decode_keys(FILE, content(**{name: text}))
        assert text[-43:] not in f"{refused.value!r} {refused.value.__context__}", name


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o620, 0o601, 0o610, 0o644, 0o777])
def test_a_file_that_is_open_to_others_is_refused_with_the_command_to_run(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "my keys.json"
    write(path, drawn()[1])
    path.chmod(mode)
    with pytest.raises(KeysFileUnusable) as refused:
        read_keys(path)
    assert f"(mode {mode:04o})" in str(refused.value)
    command = re.search(r"Run: chmod 600 '(.*)'$", str(refused.value))
    assert command is not None
    assert command[1] == str(path)
    path.chmod(0o600)
    assert len(read_keys(path)) == 1


def test_a_missing_file_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(KeysFileMissing, match=r"surestock keys create .* --file /.*/keys.json"):
        read_keys(tmp_path / "keys.json")


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe, 0o600)
    folder.mkdir(0o700)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - descriptors, not paths
    for path in (pipe, folder):
        with pytest.raises(KeysFileUnusable, match="is not a file"):
            read_keys(path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="No such device"):
            read_keys(tmp_path / "s")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - the same


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    with path.open("wb") as file:
        file.truncate(100 * MOST_BYTES)
    with pytest.raises(KeysFileUnusable, match="more than 8,388,608 bytes"):
        read_keys(path)
