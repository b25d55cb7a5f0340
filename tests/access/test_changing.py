"""What a change makes of the key file, and what it refuses."""

import stat
from pathlib import Path
from unittest.mock import patch

import pytest

from surestock.access import changing
from surestock.access.changing import Grant, add_key, revoke_key
from surestock.access.errors import (
    KeyRefused,
    KeysFileMissing,
    KeysFileUnusable,
    NoSuchKey,
)
from surestock.access.key_file import encode_keys, read_keys
from surestock.access.keys import KeyRing
from surestock.access.scope import Scope
from tests.access.keyed import LATER, NOW, drawn, header, write

GRANT = Grant("till", [Scope.INVENTORY_WRITE, Scope.INVENTORY_READ], ["bonn", "berlin", "bonn"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access" / "keys.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_key_makes_the_file_and_its_folder_for_the_owner_alone(path: Path) -> None:
    credential = add_key(path, GRANT, NOW)
    [key] = read_keys(path)
    assert (key.key_id, key.client, key.created_at) == (credential.key_id, "till", NOW)
    assert key.scopes == (Scope.INVENTORY_READ, Scope.INVENTORY_WRITE)
    assert key.stores == ("berlin", "bonn")
    assert key.revoked_at is None
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert KeyRing([key]).caller_of(header(credential)) is not None


def test_the_secret_is_nowhere_in_the_folder(path: Path) -> None:
    secrets = [add_key(path, GRANT, NOW).text[-43:].encode() for _ in range(3)]
    files = [file.read_bytes() for file in path.parent.iterdir()]
    assert files
    assert not any(secret in file for secret in secrets for file in files)


def test_a_revoked_key_stays_in_the_file_and_opens_nothing(path: Path) -> None:
    first, second = add_key(path, GRANT, NOW), add_key(path, GRANT, NOW)
    assert revoke_key(path, first.key_id, LATER).revoked_at == LATER
    ring = KeyRing(read_keys(path))
    assert ring.caller_of(header(first)) is None
    assert ring.caller_of(header(second)) is not None
    assert [key.revoked_at for key in read_keys(path)] == [LATER, None]


def test_a_key_that_is_revoked_again_keeps_its_time(path: Path) -> None:
    key_id = add_key(path, GRANT, NOW).key_id
    revoke_key(path, key_id, NOW)
    before = path.stat()
    assert revoke_key(path, key_id, LATER).revoked_at == NOW
    assert path.stat().st_ino == before.st_ino


def test_a_key_that_is_not_there_cannot_be_revoked(path: Path) -> None:
    with pytest.raises(KeysFileMissing):
        revoke_key(path, "a" * 12, NOW)
    assert not path.parent.exists()
    credential = add_key(path, GRANT, NOW)
    with pytest.raises(NoSuchKey, match="There is no key aaaaaaaaaaaa in "):
        revoke_key(path, "a" * 12, NOW)
    with pytest.raises(NoSuchKey) as refused:
        revoke_key(path, credential.text, NOW)
    assert credential.text[-43:] not in str(refused.value)


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        (Grant("", [Scope.OPS_READ]), "client's name"),
        (Grant("till\n", [Scope.OPS_READ]), "client's name"),
        (Grant("import", [Scope.OPS_READ]), "client's name is none of"),
        (Grant("Expiry", [Scope.OPS_READ]), "client's name is none of"),
        (Grant("till", [Scope.OPS_READ], ["ber lin"]), "store's id"),
        (Grant("till", [Scope.OPS_READ], note="two\nlines"), "note is one line"),
        (Grant("till", []), "at least one scope"),
    ],
)
def test_a_key_that_cannot_be_is_refused_before_anything_is_made(
    path: Path, grant: Grant, why: str
) -> None:
    with pytest.raises(KeyRefused, match=why):
        add_key(path, grant, NOW)
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version":2,"keys":[]}'])
def test_a_file_that_is_not_understood_is_left_alone(path: Path, content: bytes) -> None:
    add_key(path, GRANT, NOW)
    path.write_bytes(content)
    for change in (lambda: add_key(path, GRANT, NOW), lambda: revoke_key(path, "a" * 12, NOW)):
        with pytest.raises(KeysFileUnusable):
            change()
    assert path.read_bytes() == content


def test_an_id_is_given_once(path: Path) -> None:
    credential, key = drawn()
    path.parent.mkdir()
    write(path, key)
    with (
        patch.object(changing, "draw_credential", lambda: credential),
        pytest.raises(KeyRefused, match="in use"),
    ):
        add_key(path, GRANT, NOW)
    assert read_keys(path) == (key,)


def test_a_file_never_grows_beyond_what_is_read(path: Path) -> None:
    path.parent.mkdir()
    keys = (drawn()[1], drawn()[1], drawn()[1])
    write(path, *keys)
    with (
        patch.object(changing, "MOST_BYTES", len(encode_keys(keys)) + 50),
        pytest.raises(KeyRefused, match="is full"),
    ):
        add_key(path, GRANT, NOW)
    assert read_keys(path) == keys


def test_a_link_to_the_file_stays_a_link(path: Path, tmp_path: Path) -> None:
    add_key(path, GRANT, NOW)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    add_key(link, GRANT, NOW)
    assert link.is_symlink()
    assert len(read_keys(path)) == 2


def test_what_a_crash_left_does_not_lend_its_mode_or_its_place(path: Path, tmp_path: Path) -> None:
    add_key(path, GRANT, NOW)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    left = path.with_name("keys.json.tmp")
    left.symlink_to(victim)
    add_key(path, GRANT, NOW)
    assert victim.read_text() == "mine"
    left.touch(0o666)
    left.chmod(0o666)
    add_key(path, GRANT, NOW)
    assert mode(path) == 0o600
    assert len(read_keys(path)) == 3
