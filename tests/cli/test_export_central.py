"""``surestock export central``: every SKU over all stores, folded as the worker folds it."""

import shutil
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from surestock.inventory.central import DeadLetter
from surestock.inventory.events import StockCounted
from surestock.inventory.model import Level
from surestock.kit.clock import ManualClock
from surestock.ledger.record import Record
from surestock.sync.decisions import DecisionFile
from tests.cli.command import surestock
from tests.cli.shelf import START, Shelf, forge, stocked
from tests.cli.told import table_of

AT = "2020-01-01T00:00:00Z"
APPLE = {
    "sku": "apple",
    "qty": 8,
    "onHand": 11,
    "reserved": 3,
    "stores": {
        "s1": {"qty": 5, "onHand": 8, "reserved": 3, "version": 5, "updatedAt": AT},
        "s2": {"qty": 3, "onHand": 3, "reserved": 0, "version": 3, "updatedAt": AT},
    },
    "diverged": False,
}
BREAD = {
    "sku": "bread",
    "qty": 5,
    "onHand": 5,
    "reserved": 0,
    "stores": {"s1": {"qty": 5, "onHand": 5, "reserved": 0, "version": 1, "updatedAt": AT}},
    "diverged": False,
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stocked(tmp_path / "data")


@pytest.fixture
def poisoned(tmp_path: Path) -> Path:
    """A data directory in which a record came twice: the replay passes over it, the fold cannot."""

    def counted(sequence: int, version: int, on_hand: int) -> Record:
        level = Level("s1", "apple", on_hand, 0, version, START)
        event = StockCounted("s1", "apple", on_hand, on_hand if version == 1 else 3)
        return Record(sequence, f"boot-{sequence:x}", START, "till", (event,), (level,))

    first = counted(1, 1, 5)
    forge(tmp_path / "data", [first, replace(first, sequence=2), counted(3, 2, 8)])
    return tmp_path / "data"


def _discard(data_dir: Path) -> None:
    letter = DeadLetter("2.0", 2, "s1", "apple", "discarded", 3, "twice", START, reason="twice")
    (data_dir / "central").mkdir()
    DecisionFile(data_dir / "central", ManualClock(START).now).append([letter])


def _export(data_dir: Path, *words: str) -> str:
    return surestock("export", "central", *words, "--data-dir", data_dir).stdout


def test_ndjson_holds_one_sku_a_line_as_the_api_shows_it(shelf: Shelf) -> None:
    lines = [orjson.loads(line) for line in _export(shelf.data_dir).splitlines()]
    assert lines == [APPLE, BREAD]
    assert [list(line) for line in lines] == [list(APPLE), list(BREAD)]


def test_json_is_one_array(shelf: Shelf) -> None:
    assert orjson.loads(_export(shelf.data_dir, "--format", "json")) == [APPLE, BREAD]


def test_csv_holds_the_sums_and_in_how_many_stores_a_sku_is(shelf: Shelf) -> None:
    assert _export(shelf.data_dir, "--format", "csv").splitlines() == [
        "sku,qty,onHand,reserved,stores,diverged",
        "apple,8,11,3,2,false",
        "bread,5,5,0,1,false",
    ]


def test_a_file_is_written_and_its_skus_are_counted(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "central.ndjson"
    words = ("export", "central", "--out", out, "--data-dir", shelf.data_dir)
    assert surestock(*words).stderr == f"surestock: wrote 2 SKUs to {out}.\n"
    assert out.read_text() == _export(shelf.data_dir)


def test_without_a_word_the_stock_of_each_store_is_exported(shelf: Shelf) -> None:
    told = surestock("export", "--data-dir", shelf.data_dir).stdout
    assert told == surestock("export", "stock", "--data-dir", shelf.data_dir).stdout
    assert told.count("\n") == 3


def test_an_unknown_word_is_refused(shelf: Shelf) -> None:
    result = surestock("export", "everything", "--data-dir", shelf.data_dir)
    assert result.exit_code == 2
    assert "'everything' is not one of" in result.stderr


def test_a_sku_that_is_diverged_says_so(poisoned: Path) -> None:
    [apple] = [orjson.loads(line) for line in _export(poisoned).splitlines()]
    assert (apple["onHand"], apple["diverged"]) == (5, True)
    result = surestock("verify", poisoned)
    assert result.exit_code == 0
    assert "SKU apple is diverged in the central view: dead letter 2.0" in result.stderr
    assert "1 changes wait behind it" in result.stderr
    told = table_of(result.stdout)
    assert told["central SKUs equal to the replay"] == "0"
    assert told["not compared (dead letters)"] == "1"


def test_what_was_decided_about_a_dead_letter_counts(poisoned: Path) -> None:
    _discard(poisoned)
    [apple] = [orjson.loads(line) for line in _export(poisoned).splitlines()]
    assert (apple["onHand"], apple["diverged"]) == (8, False)
    result = surestock("verify", poisoned)
    assert (result.exit_code, result.stderr) == (0, "")
    assert table_of(result.stdout)["central SKUs equal to the replay"] == "1"


def test_decisions_that_cannot_be_believed_are_told_and_nothing_is_exported(
    poisoned: Path,
) -> None:
    _discard(poisoned)
    path = poisoned / "central" / "dead-letters.ndjson"
    line = path.read_bytes()
    path.write_bytes(line.replace(b"discarded", b"discardet") + line)
    result = surestock("export", "central", "--data-dir", poisoned)
    assert result.exit_code == 1
    assert "dead-letters.ndjson line 1 at byte 0" in result.stderr
    assert result.stdout == ""


def test_nothing_is_written_but_what_was_asked_for(poisoned: Path) -> None:
    """Not even that a decision was torn, or that a letter came through."""
    _discard(poisoned)
    path = poisoned / "central" / "dead-letters.ndjson"
    path.write_bytes(path.read_bytes() + b'{"crc":"')
    before = {it: it.read_bytes() for it in poisoned.rglob("*") if it.is_file()}
    assert '"onHand":8' in _export(poisoned)
    assert surestock("verify", poisoned).exit_code == 0
    assert {it: it.read_bytes() for it in poisoned.rglob("*") if it.is_file()} == before


def test_a_torn_tail_is_left_out_and_told(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes()[:-20])
    result = surestock("export", "central", "--data-dir", shelf.data_dir)
    assert result.exit_code == 0
    assert "note: a torn tail" in result.stderr
    assert '"s2":{"qty":3,"onHand":7,"reserved":4' in result.stdout


def test_a_log_that_is_gone_is_named(shelf: Shelf) -> None:
    shutil.rmtree(shelf.log)
    result = surestock("export", "central", "--data-dir", shelf.data_dir)
    assert result.exit_code == 2
    assert "holds no event log" in result.stderr
