"""ARCHITECTURE.md names what is there: files, functions, numbers, layers, a log that is sound."""

import re
from configparser import ConfigParser
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from surestock.engine.log.recovery import Replay, replay
from surestock.engine.state import State
from surestock.idempotency import KeyIndex
from surestock.journal.read import SparseIndex
from surestock.journal.scan import Scan
from tests.docs.blocks import blocks_of
from tests.docs.named import Row, code_in, defined_in, rows_of
from tests.tidy.repository import ROOT

DOCUMENT: Final = ROOT / "ARCHITECTURE.md"
SOURCE: Final = ROOT / "src" / "surestock"
TEXT: Final = DOCUMENT.read_text(encoding="utf-8")
NAMED: Final = [row for row in rows_of(TEXT) if {"file", "name"} <= row.cells.keys()]


def test_every_name_in_a_table_is_defined_in_the_file_beside_it() -> None:
    assert len(NAMED) > 50, "the tables were not found"
    for row in NAMED:
        (file,) = code_in(row.cells["file"])
        (name,) = code_in(row.cells["name"])
        assert name in defined_in(SOURCE / file), f"line {row.line}: {name} is not in {file}"


def test_every_file_that_is_named_exists() -> None:
    files = {code for code in re.findall(r"`([\w/.-]+\.(?:py|md))`", TEXT) if "/" in code}
    assert len(files) > 40, "no file was found"
    missing = {it for it in files if not (SOURCE / it).exists() and not (ROOT / it).exists()}
    assert missing == set()


def test_every_method_that_is_named_in_the_prose_exists() -> None:
    everything = {name for path in SOURCE.rglob("*.py") for name in defined_in(path)}
    prose = set(re.findall(r"`([A-Z]\w+\.\w+)`", TEXT))
    assert prose, "no method was found"
    assert prose - everything == set()


def test_every_name_that_the_prose_places_in_a_file_is_defined_there() -> None:
    placed = re.findall(r"`([A-Za-z_][\w.]*)` in `([\w/]+\.py)`", TEXT)
    assert len(placed) > 30, "no name was found"
    misplaced = [(name, file) for name, file in placed if name not in defined_in(SOURCE / file)]
    assert misplaced == []


@pytest.mark.parametrize(
    "row", [row for row in NAMED if "number" in row.cells], ids=lambda row: row.cells["name"]
)
def test_every_number_is_the_one_in_the_code(row: Row) -> None:
    (file,), (name,) = code_in(row.cells["file"]), code_in(row.cells["name"])
    module = import_module("surestock." + file.removesuffix(".py").replace("/", "."))
    assert int(row.cells["number"].replace(",", "")) == getattr(module, name)


def test_the_layers_are_drawn_as_the_contract_has_them() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    layers = contracts["importlinter:contract:layers"]["layers"].strip().split("\n")
    drawn = next(it for it in blocks_of(DOCUMENT) if "__main__" in it.content)
    lines = [re.split(r" {3,}", line)[0].strip() for line in drawn.content.strip().split("\n")]
    # In the contract, parentheses say that a layer need not be there in a part of the history.
    assert lines == [re.sub(r"[()]", "", layer).strip() for layer in layers]


def test_the_log_that_is_shown_is_a_sound_one(tmp_path: Path) -> None:
    (shown,) = (block for block in blocks_of(DOCUMENT) if block.language == "ndjson")
    (tmp_path / f"{1:020d}.ndjson").write_text(shown.content, encoding="utf-8")
    scan, state = Scan(tmp_path), State()
    fold = Replay(state, KeyIndex(timedelta(days=1)))
    assert replay(scan, fold, SparseIndex()).sequence == 2
    assert scan.torn is None
    level = state.levels["berlin", "apple-1kg"]
    assert (level.on_hand, level.reserved, level.version) == (10, 8, 2)


@pytest.mark.parametrize(
    ("code", "name", "there"),
    [
        ("def f(): ...", "f", True),
        ("def f(): ...", "g", False),
        ("class C:\n    def m(self): ...", "C.m", True),
        ("class C:\n    def m(self): ...", "m", False),
        ("class C:\n    async def __call__(self): ...", "C.__call__", True),
        ("A = 1\nB: int = 2", "B", True),
        ("def f():\n    inner = 1", "inner", False),
    ],
)
def test_a_name_is_found_only_where_it_is_defined(
    tmp_path: Path, code: str, name: str, *, there: bool
) -> None:
    path = tmp_path / "module.py"
    path.write_text(code, encoding="utf-8")
    assert (name in defined_in(path)) is there


def test_rows_are_found_with_their_columns() -> None:
    rows = list(rows_of("| a | b |\n|---|---|\n| `x` | 1 |\n\n| c |\n|---|\n| 2 |\n"))
    assert [(row.line, row.cells) for row in rows] == [(3, {"a": "`x`", "b": "1"}), (7, {"c": "2"})]
