"""``surestock export``: every level, in order, in a form that can be imported again."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from surestock.inventory.commands import CountStock, ReserveStock
from surestock.kit import failpoints
from tests.cli.command import surestock
from tests.cli.shelf import Shelf, stocked

MEMBERS = ["storeId", "sku", "qty", "onHand", "reserved", "version", "updatedAt"]
LEVELS = [
    ["s1", "apple", 5, 8, 3, 5, "2020-01-01T00:00:00Z"],
    ["s1", "bread", 5, 5, 0, 1, "2020-01-01T00:00:00Z"],
    ["s2", "apple", 3, 3, 0, 3, "2020-01-01T00:00:00Z"],
]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stocked(tmp_path / "data")


def test_ndjson_holds_one_level_a_line_as_the_api_shows_it(shelf: Shelf) -> None:
    lines = surestock("export", "--data-dir", shelf.data_dir).stdout.splitlines()
    levels = [orjson.loads(line) for line in lines]
    assert [list(level) for level in levels] == [MEMBERS] * 3
    assert [list(level.values()) for level in levels] == LEVELS


def test_json_is_one_array(shelf: Shelf) -> None:
    told = surestock("export", "--format", "json", "--data-dir", shelf.data_dir).stdout
    assert [list(level.values()) for level in orjson.loads(told)] == LEVELS


def test_csv_holds_a_header_and_one_level_a_line(shelf: Shelf) -> None:
    told = surestock("export", "--format", "csv", "--data-dir", shelf.data_dir).stdout
    lines = [line.split(",") for line in told.splitlines()]
    assert lines == [MEMBERS, *([str(value) for value in level] for level in LEVELS)]


@pytest.mark.parametrize(
    ("form", "told"), [("ndjson", ""), ("json", "[]\n"), ("csv", ",".join(MEMBERS) + "\n")]
)
def test_an_empty_log_has_no_levels(tmp_path: Path, form: str, told: str) -> None:
    Shelf(tmp_path).write()
    assert surestock("export", "--format", form, "--data-dir", tmp_path).stdout == told


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_what_was_exported_can_be_imported_and_gives_the_same_counts(
    tmp_path: Path, shelf: Shelf, form: str
) -> None:
    out, copy = tmp_path / f"out.{form}", tmp_path / "copy"
    assert (
        surestock("export", "--format", form, "--out", out, "--data-dir", shelf.data_dir).stderr
        == f"surestock: wrote 3 levels to {out}.\n"
    )
    assert surestock("import", out, "--data-dir", copy).exit_code == 0
    told = surestock("export", "--data-dir", copy).stdout.splitlines()
    counted = [
        [level["storeId"], level["sku"], level["onHand"]] for level in map(orjson.loads, told)
    ]
    assert counted == [[store, sku, on_hand] for store, sku, _, on_hand, *_ in LEVELS]


def test_reservations_whose_time_is_over_no_longer_count(tmp_path: Path) -> None:
    """Also when no record says so yet, as no server ran since."""
    shelf = Shelf(tmp_path)
    shelf.write(CountStock("s1", "apple", 9), ReserveStock("s1", "apple", 4, ttl_s=60))
    assert '"qty":9,"onHand":9,"reserved":0' in surestock("export", "--data-dir", tmp_path).stdout


def test_a_file_is_replaced_as_a_whole_or_not_at_all(
    tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.ndjson"
    out.write_text("old")

    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(failpoints, "_armed", {"file.fsync": full})
    result = surestock("export", "--out", out, "--data-dir", shelf.data_dir)
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert out.read_text() == "old"
    monkeypatch.undo()
    surestock("export", "--out", out, "--data-dir", shelf.data_dir)
    assert out.read_text().count("\n") == 3


def test_a_torn_tail_is_left_out_and_told(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes()[:-20])
    result = surestock("export", "--data-dir", shelf.data_dir)
    assert result.exit_code == 0
    assert "note: a torn tail" in result.stderr
    assert '"storeId":"s2","sku":"apple","qty":3,"onHand":7,"reserved":4' in result.stdout


def test_a_damaged_log_is_not_exported(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes().replace(b'"onHand":10', b'"onHand":11'))
    result = surestock("export", "--data-dir", shelf.data_dir)
    assert result.exit_code == 1
    assert "line 2 at byte" in result.stderr
    assert result.stdout == ""


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, shelf: Shelf) -> None:
    out = tmp_path / "none" / "out.csv"
    result = surestock("export", "--out", out, "--data-dir", shelf.data_dir)
    assert result.exit_code == 2
    assert f"{out}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_a_log_there_is_nothing_to_export(tmp_path: Path) -> None:
    result = surestock("export", "--data-dir", tmp_path / "none")
    assert result.exit_code == 2
    assert "There is no data directory" in result.stderr


def test_a_reader_that_has_seen_enough_ends_it_without_a_word(shelf: Shelf) -> None:
    command = [sys.executable, "-m", "surestock", "export", "--data-dir", str(shelf.data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
