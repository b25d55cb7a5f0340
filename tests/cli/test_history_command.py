"""``surestock history``: a number, explained."""

from pathlib import Path

import pytest

from surestock.inventory.commands import AdjustStock, CountStock
from surestock.journal.line import decode_header, encode_commit
from tests.cli.command import surestock
from tests.cli.shelf import TS, Shelf, forge, stocked


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stocked(tmp_path / "data")


def _rows(told: str) -> list[list[str]]:
    """Return the cells of each row of the table."""
    return [
        [cell.strip() for cell in line.strip("│ ").split("│")]
        for line in told.splitlines()
        if line.startswith("│")
    ]


def test_every_event_stands_with_the_level_after_it(shelf: Shelf) -> None:
    told = surestock("history", "s1", "apple", "--data-dir", shelf.data_dir).stdout
    rows = _rows(told)
    assert [[row[0], *row[2:6]] for row in rows] == [
        ["1", "till", "StockCounted", "+10", ""],
        ["4", "till", "StockAdjusted", "-2", ""],
        ["5", "till", "StockReserved", "", "+3"],
        ["6", "till", "StockReserved", "", "+1"],
        ["7", "till", "ReservationCommitted", "", "-1"],
    ]
    assert [row[7:] for row in rows] == [
        ["10", "0", "10"],
        ["8", "0", "8"],
        ["8", "3", "5"],
        ["8", "4", "4"],
        ["8", "3", "5"],
    ]
    assert {row[1] for row in rows} == {"2020-01-01 00:00:00.000000Z"}
    assert rows[0][6] == "reason opening"
    assert rows[1][6] == "reason rotten, reference bin-1"
    assert rows[2][6].startswith("reference order-1, reservation ")
    assert told.endswith("5 available = 8 on-hand − 3 reserved, at version 5, after 5 events\n")


def test_another_store_has_a_history_of_its_own(shelf: Shelf) -> None:
    told = surestock("history", "s2", "apple", "--data-dir", shelf.data_dir).stdout
    assert [row[0] for row in _rows(told)] == ["3", "6", "7"]
    assert [row[4:6] for row in _rows(told)] == [["+7", ""], ["", "+4"], ["-4", "-4"]]


@pytest.mark.parametrize(
    ("last", "shown"), [(2, [9, 10]), (0, [*range(1, 11)]), (99, [*range(1, 11)])]
)
def test_a_long_history_is_shown_from_its_end(tmp_path: Path, last: int, shown: list[int]) -> None:
    shelf = Shelf(tmp_path)
    shelf.write(CountStock("s", "a", 1), *(AdjustStock("s", "a", 1) for _ in range(9)))
    told = surestock("history", "s", "a", "--last", last, "--data-dir", tmp_path).stdout
    assert [int(row[0]) for row in _rows(told)] == shown
    assert ("8 earlier events are not shown" in told) == (last == 2)
    assert "after 10 events" in told


def test_what_clients_wrote_cannot_steer_the_terminal(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.write(CountStock("s", "a", 1, reason="[red]\x1b[2J\r\n"))
    told = surestock("history", "s", "a", "--data-dir", tmp_path).stdout
    assert r"reason [red]\x1b[2J\r\n" in told
    assert "\x1b" not in told


@pytest.mark.parametrize("words", [("s1", "tea"), ("s9", "apple"), ("s1", "app"), ("\x1b", '"')])
def test_a_level_that_is_not_there_is_named(shelf: Shelf, words: tuple[str, str]) -> None:
    result = surestock("history", *words, "--data-dir", shelf.data_dir)
    assert result.exit_code == 2
    assert result.stderr.startswith("surestock: There is no SKU ")
    assert "\x1b" not in result.stderr


def test_damage_on_the_way_is_named_and_nothing_is_explained(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes().replace(b'"onHand":10', b'"onHand":11'))
    result = surestock("history", "s2", "apple", "--data-dir", shelf.data_dir)
    assert result.exit_code == 1
    assert "line 2 at byte" in result.stderr
    assert result.stdout == ""


def test_a_line_whose_records_make_no_sense_is_named(tmp_path: Path) -> None:
    segment = forge(tmp_path, [])
    header = segment.read_bytes()
    bad = b'{"levels":[{"storeId":"s1","sku":"apple"}]}'
    line, _ = encode_commit(decode_header(header[:-1]).crc, 1, 1, TS, [bad])
    segment.write_bytes(header + line)
    result = surestock("history", "s1", "apple", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert f"{segment.name} line 2 at byte {len(header)}" in result.stderr
