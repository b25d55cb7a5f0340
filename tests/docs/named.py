"""Tables that name code: rows of a file and what is defined in it, as a document shows them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """A table's row: the line that it stands on, and its cells by the names of their columns."""

    line: int
    cells: dict[str, str]


def rows_of(text: str) -> Iterator[Row]:
    """Yield the rows of every table in a Markdown text."""
    header: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = _cells(line)
        elif not re.fullmatch(r"[|\s:-]+", line):
            yield Row(number, dict(zip(header, _cells(line), strict=True)))


def code_in(cell: str) -> list[str]:
    """Return what stands in a cell between backticks."""
    return _CODE.findall(cell)


def defined_in(path: Path) -> set[str]:
    """Return what a module defines: ``name``, ``Class`` and ``Class.method``."""
    return set(_defined(ast.parse(path.read_text(encoding="utf-8")).body, ""))


def _defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _defined(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + it.id for it in targets if isinstance(it, ast.Name))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
