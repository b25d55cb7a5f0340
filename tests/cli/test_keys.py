"""``surestock keys``: a key is shown once, its hash stays; what goes wrong is one sentence."""

import stat
from pathlib import Path

import orjson
import pytest

from surestock.access.key_file import read_keys
from surestock.access.keys import KeyRing
from tests.cli.command import surestock, surestock_killed

READ = ("--client", "till", "--scope", "inventory:read")
STEPS = ("file.write", "file.fsync", "file.rename", "directory.fsync")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "access" / "keys.json"


def listed(file: Path) -> list[dict[str, object]]:
    result = surestock("keys", "list", "--json", "--file", file)
    assert result.exit_code == 0
    keys: list[dict[str, object]] = orjson.loads(result.stdout)
    return keys


def test_the_key_alone_is_on_stdout_and_opens_what_was_asked_for(file: Path) -> None:
    made = surestock(
        "keys", "create", "--client", "shop", "--scope", "inventory:write", "--scope", "cart:read",
        "--store", "bonn", "--store", "berlin", "--note", "the web shop", "--file", file,
    )  # fmt: skip
    assert made.exit_code == 0
    key = made.stdout.removesuffix("\n")
    caller = KeyRing(read_keys(file)).caller_of(f"Bearer {key}".encode())
    assert caller is not None
    assert caller.client == "shop"
    assert caller.scopes == {"inventory:write", "cart:read"}
    assert caller.stores == frozenset({"berlin", "bonn"})
    assert caller.key_id in made.stderr
    assert key not in made.stderr
    assert key[-43:] not in made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    [shown] = listed(file)
    assert shown.pop("createdAt") is not None
    assert shown == {
        "id": caller.key_id,
        "client": "shop",
        "scopes": ["cart:read", "inventory:write"],
        "stores": ["berlin", "bonn"],
        "revokedAt": None,
        "note": "the web shop",
    }


def test_a_key_without_stores_is_good_in_all_of_them(file: Path) -> None:
    assert "in all stores" in surestock("keys", "create", *READ, "--file", file).stderr
    assert listed(file)[0]["stores"] is None


def test_the_list_shows_no_secret_and_no_hash(file: Path) -> None:
    keys = [surestock("keys", "create", *READ, "--file", file).stdout.strip() for _ in range(2)]
    surestock("keys", "revoke", keys[0][3:15], "--file", file)
    hashes = [key.sha256 for key in read_keys(file)]
    table = surestock("keys", "list", "--file", file).stdout
    as_json = surestock("keys", "list", "--json", "--file", file).stdout
    for hidden in (*(key[-43:] for key in keys), *hashes):
        for part in (hidden, hidden[:8]):
            assert part not in table
            assert part not in as_json
    for key in keys:
        assert key[3:15] in table
    assert [key["revokedAt"] is None for key in listed(file)] == [False, True]


def test_a_note_does_not_steer_the_table(file: Path) -> None:
    surestock("keys", "create", *READ, "--note", "[red]door[/red]", "--file", file)
    assert "[red]" in surestock("keys", "list", "--file", file).stdout


def test_a_revoked_key_opens_nothing_and_is_still_listed(file: Path) -> None:
    key = surestock("keys", "create", *READ, "--file", file).stdout.strip()
    revoked = surestock("keys", "revoke", key[3:15], "--file", file)
    assert (revoked.exit_code, revoked.stdout) == (0, "")
    again = surestock("keys", "revoke", key[3:15], "--file", file)
    assert (again.exit_code, again.stderr) == (0, revoked.stderr)
    assert KeyRing(read_keys(file)).caller_of(f"Bearer {key}".encode()) is None
    assert listed(file)[0]["revokedAt"] is not None


def test_the_setting_names_the_file_and_the_option_wins(file: Path, tmp_path: Path) -> None:
    surestock("keys", "create", *READ, API_KEYS_FILE=str(file))
    surestock("keys", "create", *READ, API_KEYS_FILE=str(file))
    assert surestock("keys", "list", "--json", API_KEYS_FILE=str(file)).stdout.count('"id"') == 2
    other = tmp_path / "other.json"
    surestock("keys", "create", *READ, "--file", other, API_KEYS_FILE=str(file))
    assert (len(listed(other)), len(listed(file))) == (1, 2)


@pytest.mark.parametrize("command", [("create", *READ), ("list",), ("revoke", "a" * 12)])
def test_without_a_file_nothing_is_guessed(command: tuple[str, ...]) -> None:
    result = surestock("keys", *command, API_KEYS_FILE="")
    assert result.exit_code == 2
    assert result.stderr == ("surestock: Say where the keys are: --file PATH, or API_KEYS_FILE.\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("create", "--client", "import", "--scope", "ops:read"), "the client's name is none of"),
        (("create", "--client", "my till", "--scope", "ops:read"), "the client's name has 1 to 64"),
        (("create", *READ, "--store", "ber lin"), "a store's id has 1 to 64"),
        (("create", *READ, "--note", ""), "a note is one line"),
        (("create", "--client", "till", "--scope", "inventory:all"), "is not one of"),
        (("create", "--client", "till"), "Missing option '--scope'"),
        (("list",), "Make a key first"),
        (("revoke", "a" * 12), "Make a key first"),
        (("revoke", "all"), "That is no key's id."),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_ends_with_2(
    file: Path, words: tuple[str, ...], why: str
) -> None:
    result = surestock("keys", *words, "--file", file)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert why in result.stderr
    assert not file.parent.exists()


@pytest.mark.parametrize("command", [("create", *READ), ("list",), ("revoke", "a" * 12)])
def test_a_file_that_cannot_be_trusted_is_left_alone(file: Path, command: tuple[str, ...]) -> None:
    surestock("keys", "create", *READ, "--file", file)
    good = file.read_bytes()
    for content, mode, why in (
        (good[:50], 0o600, "is no file of API keys"),
        (good, 0o644, "chmod 600"),
    ):
        file.write_bytes(content)
        file.chmod(mode)
        result = surestock("keys", *command, "--file", file)
        assert (result.exit_code, result.stdout) == (2, "")
        assert why in result.stderr
        assert result.stderr.count("\n") == 1
        assert file.read_bytes() == content


def test_a_whole_key_in_the_wrong_place_is_not_repeated(file: Path) -> None:
    key = surestock("keys", "create", *READ, "--file", file).stdout.strip()
    for words in (
        ("revoke", key),
        ("create", "--client", key, "--scope", "ops:read"),
        ("create", *READ, "--note", f"the key is {key}"),
    ):
        result = surestock("keys", *words, "--file", file)
        assert result.exit_code == 2
        assert key[-43:] not in result.output


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("revokes", [False, True], ids=["create", "revoke"])
def test_a_command_that_is_killed_leaves_the_old_file_or_the_new_one(
    file: Path, step: str, *, revokes: bool
) -> None:
    key = surestock("keys", "create", *READ, "--file", file).stdout.strip()
    words = ("revoke", key[3:15]) if revokes else ("create", *READ)
    surestock_killed(step, 1, "keys", *words, "--file", file)
    changed = step == "directory.fsync"
    keys = listed(file)
    assert len(keys) == (2 if changed and not revokes else 1)
    assert (keys[0]["revokedAt"] is not None) == (changed and revokes)
    result = surestock("keys", *words, "--file", file)
    assert result.exit_code == 0
    assert (len(listed(file)) > 1) != revokes


@pytest.mark.parametrize("passage", [1, 2])
def test_a_first_key_whose_folder_was_half_made_is_made_by_the_next_try(
    file: Path, passage: int
) -> None:
    surestock_killed("directory.fsync", passage, "keys", "create", *READ, "--file", file)
    assert surestock("keys", "create", *READ, "--file", file).exit_code == 0
    assert len(listed(file)) == passage
