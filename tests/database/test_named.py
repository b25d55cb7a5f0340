"""Statements stand in files, each under its name."""

import sys
from pathlib import Path

import pytest

from surestock.database import named_statements

_ALL = [
    ("surestock.database", "chores.sql"),
    ("surestock.database", "schema.sql"),
    ("surestock.database", "session.sql"),
    ("surestock.engine.postgres", "batch.sql"),
    ("surestock.engine.postgres", "reads.sql"),
]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that a test puts files into."""
    made = tmp_path / "statements_of_a_test"
    made.mkdir()
    (made / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, made.name, raising=False)
    return made


def test_a_statement_reaches_to_the_next_name(package: Path) -> None:
    (package / "some.sql").write_text(
        "-- About all of them.\n\n-- name: first\n-- Why.\nSELECT 1;\nSELECT 2;\n\n"
        "-- name: second\nSELECT '-- name: third';\n"
    )
    assert named_statements(package.name, "some.sql") == {
        "first": "-- Why.\nSELECT 1;\nSELECT 2;",
        "second": "SELECT '-- name: third';",
    }


def test_a_name_that_stands_there_twice_is_refused(package: Path) -> None:
    (package / "some.sql").write_text("-- name: it\nSELECT 1;\n-- name: it\nSELECT 2;\n")
    with pytest.raises(ValueError, match=r"some\.sql names a statement twice"):
        named_statements(package.name, "some.sql")


@pytest.mark.parametrize(("package_name", "file"), _ALL)
def test_no_statement_of_this_service_is_empty(package_name: str, file: str) -> None:
    statements = named_statements(package_name, file)
    assert statements
    for statement in statements.values():
        lines = statement.splitlines()
        assert any(line and not line.startswith("--") for line in lines), statement
