"""``surestock import --url`` sends a key of a file or the environment, and shows it to nobody."""

from pathlib import Path

import pytest

from surestock.access.credential import draw_credential
from tests.cli.command import surestock
from tests.cli.till import Till, results, serving

KEY = draw_credential().text
OTHER = draw_credential().text


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    file = tmp_path / "counts.csv"
    file.write_text("storeId,sku,onHand\ns1,apple,5\n")
    return file


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "till.key"
    file.touch(0o600)
    file.write_text(f"{KEY}\n")
    return file


def test_no_key_is_sent_when_none_is_given(counts: Path) -> None:
    with serving(Till([results(201)])) as till:
        assert surestock("import", counts, "--url", till.url).exit_code == 0
    assert till.headers[0]["Authorization"] is None


def test_the_key_of_a_file_is_sent(counts: Path, key_file: Path) -> None:
    with serving(Till([results(503), results(201)])) as till:
        result = surestock("import", counts, "--url", till.url, "--key-file", key_file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [it["Authorization"] for it in till.headers] == [f"Bearer {KEY}"] * 2


def test_the_key_of_the_environment_is_sent_and_a_file_wins(counts: Path, key_file: Path) -> None:
    with serving(Till([results(201), results(200)])) as till:
        surestock("import", counts, "--url", till.url, SURESTOCK_KEY=OTHER)
        words = ("import", counts, "--url", till.url, "--key-file", key_file)
        surestock(*words, SURESTOCK_KEY=OTHER)
    assert [it["Authorization"] for it in till.headers] == [f"Bearer {OTHER}", f"Bearer {KEY}"]


def test_an_empty_variable_is_no_key(counts: Path) -> None:
    with serving(Till([results(201)])) as till:
        assert surestock("import", counts, "--url", till.url, SURESTOCK_KEY="").exit_code == 0
    assert till.headers[0]["Authorization"] is None


def test_an_import_without_a_server_needs_no_key(counts: Path, tmp_path: Path) -> None:
    result = surestock("import", counts, "--data-dir", tmp_path / "data", SURESTOCK_KEY="?")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "A valid API key is needed: Authorization: Bearer KEY."),
        (403, "The key lacks the scope inventory:write."),
    ],
)
def test_a_refused_key_stops_the_import_with_the_server_s_sentence(
    counts: Path, key_file: Path, status: int, said: str
) -> None:
    with serving(Till([(status, {}, b'{"message":"%b"}' % said.encode())])) as till:
        result = surestock("import", counts, "--url", till.url, "--key-file", key_file)
    assert len(till.asked) == 1
    assert result.exit_code == 2
    assert result.stderr == f"surestock: {till.url} refuses the rows: {said}\n"


def test_a_key_that_is_revoked_on_the_way_stops_the_import(tmp_path: Path, key_file: Path) -> None:
    counts = tmp_path / "many.csv"
    counts.write_text("storeId,sku,onHand\n" + "".join(f"s1,a{row},5\n" for row in range(1001)))
    gone: tuple[int, dict[str, str], bytes] = (401, {}, b'{"message":"A valid API key is needed."}')
    with serving(Till([results(*[201] * 1000), gone])) as till:
        result = surestock("import", counts, "--url", till.url, "--key-file", key_file)
    assert result.exit_code == 1
    assert "stopped after 1,000 counts recorded" in result.stderr
    assert "A valid API key is needed." in result.stderr


@pytest.mark.parametrize(
    "content",
    ["", "secret", KEY[:-1], f"{KEY}\n{KEY}\n", f"Bearer {KEY}", f"{KEY}é", "\x00" * 9999],
)
def test_what_is_no_key_is_refused_and_not_repeated(
    counts: Path, key_file: Path, content: str
) -> None:
    key_file.write_text(content)
    result = surestock("import", counts, "--url", "http://127.0.0.1:1", "--key-file", key_file)
    assert result.exit_code == 2
    assert (
        result.stderr == f"surestock: {key_file} holds no API key: one looks like sk_ID_SECRET.\n"
    )
    if content.isprintable() and content:
        words = ("import", counts, "--url", "http://127.0.0.1:1")
        result = surestock(*words, SURESTOCK_KEY=content)
        assert (result.exit_code, result.stderr.count("SURESTOCK_KEY holds no API key")) == (2, 1)
        assert KEY[-20:-1] not in result.output


def test_a_key_file_that_is_missing_is_named(counts: Path, tmp_path: Path) -> None:
    missing = tmp_path / "none.key"
    result = surestock("import", counts, "--url", "http://127.0.0.1:1", "--key-file", missing)
    assert result.exit_code == 2
    assert result.stderr == f"surestock: {missing}: No such file or directory.\n"


def test_a_key_file_that_others_can_read_is_used_and_told(counts: Path, key_file: Path) -> None:
    key_file.chmod(0o644)
    with serving(Till([results(201)])) as till:
        result = surestock("import", counts, "--url", till.url, "--key-file", key_file)
    assert result.exit_code == 0
    assert f"note: others can read {key_file} (mode 0644); chmod 600" in result.stderr


def test_a_key_file_without_a_server_is_a_mistake(counts: Path, key_file: Path) -> None:
    result = surestock("import", counts, "--key-file", key_file)
    assert result.exit_code == 2
    assert "say which with --url" in result.stderr


def test_a_key_as_an_argument_is_refused_although_it_would_do(counts: Path) -> None:
    with serving(Till([])) as till:
        result = surestock("import", counts, "--url", till.url, "--key", KEY, SURESTOCK_KEY=KEY)
    assert result.exit_code == 2
    assert "Everybody on this machine can read arguments" in result.stderr
    assert KEY[-43:] not in result.output
    assert till.asked == []
    assert "--key " not in surestock("import", "--help").stdout
