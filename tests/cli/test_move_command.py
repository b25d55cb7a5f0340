"""``surestock migrate`` and ``surestock move``, and what other commands say of a database."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import Result

from surestock.journal.hold import JournalHold
from surestock.journal.line import LINE_START
from tests.cli.command import surestock as command
from tests.cli.kept import Shop
from tests.cli.told import table_of
from tests.real.fixtures import database, postgres, postgres_version
from tests.real.postgres import Cluster

__all__ = ["database", "postgres", "postgres_version"]

_TTL = {"IDEMP_TTL_MS": str(365 * 24 * 3600 * 1000)}


@pytest.fixture
def url(postgres: Cluster, database: str) -> str:
    """An empty database."""
    return postgres.url(database)


@pytest.fixture
def tables(url: str) -> str:
    """A database with empty tables."""
    assert surestock("migrate", "--database-url", url).exit_code == 0
    return url


@pytest.fixture
def moved(tables: str, shop: Shop) -> str:
    """The shop's database."""
    assert surestock("move", "--from", shop.data_dir, "--to", tables).exit_code == 0
    return tables


def surestock(*words: object, **settings: str) -> Result:
    """Run a command that knows of no setting but those that are given."""
    nothing = dict.fromkeys(("ENGINE", "DATABASE_URL"), "")
    return command(*words, **nothing | _TTL | settings)


def on(url: str, *words: object) -> Result:
    """Run a command with ENGINE=postgres."""
    return surestock(*words, ENGINE="postgres", DATABASE_URL=url)


def test_each_migration_is_told_once(url: str) -> None:
    first = surestock("migrate", DATABASE_URL=url)
    assert first.exit_code == 0
    assert first.stdout.startswith("applied 0001 ledger\napplied 0002 central\n")
    place = urlsplit(url).netloc.rpartition("@")[2] + urlsplit(url).path
    assert first.stdout.endswith(f"\n{place} is up to date.\n")
    again = surestock("migrate", "--database-url", url)
    assert again.stdout == f"{place} is up to date: there was nothing to do.\n"


def test_without_a_database_nothing_is_migrated() -> None:
    result = surestock("migrate")
    assert result.exit_code == 2
    assert result.stderr == (
        "surestock: No database is named: use --database-url, or set DATABASE_URL.\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("migrate", "--database-url"),
        ("move", "--from", "data", "--to"),
    ],
)
@pytest.mark.parametrize("address", ["127.0.0.1:1/shop", "127.0.0.1:port/shop", "a@b:1/shop"])
def test_no_password_is_ever_shown(
    words: tuple[str, ...], address: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.data_dir.parent)
    result = surestock(*words, f"postgres://shop:geheim@{address}")
    assert result.exit_code in {1, 2}
    assert result.stderr.startswith("surestock: The ")
    assert "geheim" not in result.output


def test_a_move_there_and_back_ends_with_a_proof(moved: str, shop: Shop, tmp_path: Path) -> None:
    back = surestock("move", "--from", moved, "--to", tmp_path / "back")
    assert back.exit_code == 0, back.stderr
    assert back.stdout.endswith("equal\n")
    told = table_of(back.stdout)
    assert (told["records"], told["records moved by this run"]) == ("30", "30")
    assert surestock("verify", tmp_path / "back").exit_code == 0
    one = surestock("export", "--data-dir", tmp_path / "back").stdout
    assert one == surestock("export", "--data-dir", shop.data_dir).stdout


def test_the_setting_may_name_the_database(tables: str, shop: Shop, tmp_path: Path) -> None:
    there = surestock("move", "--from", shop.data_dir, "--to", "DATABASE_URL", DATABASE_URL=tables)
    assert there.exit_code == 0, there.stderr
    words = ("move", "--from", "DATABASE_URL", "--to", tmp_path / "back")
    assert surestock(*words, DATABASE_URL=tables).exit_code == 0


@pytest.mark.parametrize("places", [("one", "other"), ("postgres://h/a", "postgres://h/b")])
def test_a_move_is_from_one_kind_to_the_other(places: tuple[str, str]) -> None:
    result = surestock("move", "--from", places[0], "--to", places[1])
    assert result.exit_code == 2
    assert "between a data directory and a database" in result.stderr


def test_what_cannot_be_moved_is_one_sentence_and_exit_code_2(
    moved: str, shop: Shop, tmp_path: Path
) -> None:
    twice = surestock("move", "--from", shop.data_dir, "--to", moved)
    assert (twice.exit_code, twice.stdout) == (2, "")
    assert "is not empty" in twice.stderr
    nothing = surestock("move", "--from", tmp_path / "nothing", "--to", moved)
    assert (nothing.exit_code, "There is no data directory" in nothing.stderr) == (2, True)


def test_a_database_without_tables_is_told_what_to_do(url: str, shop: Shop) -> None:
    result = surestock("move", "--from", shop.data_dir, "--to", url)
    assert result.exit_code == 2
    assert "run `surestock migrate`" in result.stderr


def test_a_log_that_is_in_use_is_not_moved(tables: str, shop: Shop) -> None:
    with JournalHold(shop.log):
        result = surestock("move", "--from", shop.data_dir, "--to", tables)
    assert result.exit_code == 2
    assert "is in use by process" in result.stderr


def test_a_damaged_log_is_not_moved(tables: str, shop: Shop) -> None:
    segment = shop.segments[0]
    content = segment.read_bytes()
    at = content.rindex(LINE_START)
    segment.write_bytes(content[:at] + content[at:].replace(b"apple", b"maple", 1))
    result = surestock("move", "--from", shop.data_dir, "--to", tables)
    assert result.exit_code == 1
    assert segment.name in result.stderr


def test_a_database_is_verified_like_a_log(moved: str, postgres: Cluster, database: str) -> None:
    result = on(moved, "verify")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.endswith("clean\n")
    told = table_of(result.stdout)
    assert (told["records"], told["SKUs (store and SKU)"]) == ("30", "3")
    postgres.execute("UPDATE surestock.levels SET on_hand = 99 WHERE sku = 'bread'", database)
    result = on(moved, "verify")
    assert result.exit_code == 1
    assert "damaged: table levels: it holds Level(store_id='s1', sku='bread'" in result.stderr
    assert "the records are sound" in result.stderr
    assert "clean" not in result.stdout
    postgres.execute("DELETE FROM surestock.records WHERE sequence = 7", database)
    result = on(moved, "verify")
    assert result.exit_code == 1
    assert "record 7: it is missing" in result.stderr


def test_a_directory_that_is_named_is_verified_whatever_the_engine(moved: str, shop: Shop) -> None:
    assert "segments" in on(moved, "verify", shop.data_dir).stdout


@pytest.mark.parametrize("words", [("export",), ("export", "central", "--format", "csv")])
def test_a_database_is_exported_like_a_log(moved: str, shop: Shop, words: tuple[str, ...]) -> None:
    expected = surestock(*words, "--data-dir", shop.data_dir).stdout
    assert expected.count("\n") >= 2
    assert on(moved, *words).stdout == expected


def test_a_level_is_explained_like_one_of_a_log(moved: str, shop: Shop) -> None:
    words = ("history", "s1", "apple", "--last", "7")
    expected = surestock(*words, "--data-dir", shop.data_dir)
    assert "ReservationCommitted" in expected.stdout
    assert on(moved, *words).stdout == expected.stdout
    unknown = on(moved, "history", "s1", "cake")
    assert unknown.exit_code == 2
    assert "There is no SKU cake in store s1 of the database." in unknown.stderr


def test_counts_are_imported_into_a_database_through_a_server(moved: str, tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text("storeId,sku,onHand\ns1,apple,5\n")
    result = on(moved, "import", counts)
    assert result.exit_code == 2
    assert "--url http://HOST:PORT" in result.stderr


def test_what_asks_a_database_that_is_away_says_so() -> None:
    for words in (("verify",), ("export",), ("history", "s1", "apple")):
        result = on("postgres://shop:geheim@127.0.0.1:1/shop", *words)
        assert result.exit_code == 2
        assert result.stderr.startswith("surestock: The database at 127.0.0.1:1/shop: ")
        assert "geheim" not in result.output
