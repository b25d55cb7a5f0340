"""prompts.md has a row for every requirement, and names files and tests that exist."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.named import Row, code_in, defined_in, rows_of
from tests.tidy.repository import ROOT

NOTHING: Final = "–"
NOT_BUILT: Final = "not built yet"
STATES: Final = ("there", "in part", NOT_BUILT)
IDS: Final = (
    "P1",
    "T4",
    *(f"T{number}" for number in range(6, 17)),
    *(f"R{number}" for number in range(1, 17)),
    *(f"L{number}" for number in range(1, 8)),
    "F1",
    *(f"C{number}" for number in range(1, 10)),
)
ROWS: Final = list(rows_of((ROOT / "prompts.md").read_text(encoding="utf-8")))


def complaints_about(row: Row) -> Iterator[str]:
    """Complain about what a row claims and does not name, or names and is not there."""
    cells = row.cells
    state = cells["state"].partition(":")[0]
    if state not in STATES:
        yield f"{cells['id']}: {state!r} is no state"
    places, proofs = code_in(cells["where"]), code_in(cells["proof"])
    if state == NOT_BUILT:
        if (cells["where"], cells["proof"]) != (NOTHING, NOTHING):
            yield f"{cells['id']}: not built, but named"
    elif not places or not proofs:
        yield f"{cells['id']}: {state}, but nobody knows where, or by which test"
    for place in places:
        if not (ROOT / place).exists() and not (ROOT / "src" / "surestock" / place).exists():
            yield f"{cells['id']}: {place} does not exist"
    for proof in proofs:
        file, _, name = proof.partition("::")
        path = ROOT / "tests" / file
        if not path.is_file() or not name.startswith("test_") or name not in defined_in(path):
            yield f"{cells['id']}: {proof} is no test"


def test_every_requirement_has_one_row() -> None:
    assert [row.cells["id"] for row in ROWS] == list(IDS)


def test_what_a_row_names_exists() -> None:
    assert [complaint for row in ROWS for complaint in complaints_about(row)] == []


@pytest.mark.parametrize(
    ("column", "content"),
    [
        ("state", "soon"),
        ("state", NOT_BUILT),
        ("where", NOTHING),
        ("where", "`inventory/nowhere.py`"),
        ("proof", NOTHING),
        ("proof", "`docs/test_prompts.py::test_of_nothing`"),
        ("proof", "`docs/test_prompts.py::complaints_about`"),
        ("proof", f"`{Path(__file__).name}::test_every_requirement_has_one_row`"),
    ],
)
def test_a_row_that_claims_too_much_is_caught(column: str, content: str) -> None:
    sound = {
        "id": "P1",
        "state": "there",
        "where": "`inventory/`",
        "proof": "`docs/test_prompts.py::test_every_requirement_has_one_row`",
    }
    assert list(complaints_about(Row(1, sound))) == []
    assert list(complaints_about(Row(1, {**sound, column: content}))) != []
