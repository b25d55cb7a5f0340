"""House rules for code: size, names, docstrings. Docstrings never count against a function."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

FILE_LINES = 250
FILE_LINES_AIM = 200
FILES_OVER_AIM = 3
FUNCTION_LINES = 60
# Names that say "things": such a file attracts whatever has no place yet.
VAGUE = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_file(path: str, text: str) -> Iterator[str]:
    """Complain about a file that nobody reads in one go."""
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines, at most {FILE_LINES}"


def many_long_files(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Complain when files over the aim are no longer the exception."""
    over = [path for path, text in files if len(text.splitlines()) > FILE_LINES_AIM]
    if len(over) > FILES_OVER_AIM:
        yield f"more than {FILES_OVER_AIM} files over {FILE_LINES_AIM} lines: {', '.join(over)}"


def long_function(path: str, text: str) -> Iterator[str]:
    """Complain about a function that is more than one thought."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _Function):
            lines = _span(node) - _docstring_lines(node)
            if lines > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {lines} lines of {FUNCTION_LINES}"


def missing_docstring(path: str, text: str) -> Iterator[str]:
    """Complain about a module that doesn't say what it is and why."""
    if not ast.get_docstring(ast.parse(text)):
        yield f"{path}: the module has no docstring"


def vague_name(path: str, _text: str) -> Iterator[str]:
    """Complain about a module or package whose name says nothing."""
    for part in PurePosixPath(path).with_suffix("").parts:
        if part in VAGUE:
            yield f"{path}: '{part}' says nothing about what is inside"


def unfinished(path: str, text: str) -> Iterator[str]:
    """Complain about a function that only promises to exist one day."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield f"{path}:{node.lineno}: not implemented"


def folder_without_package(paths: Iterable[str]) -> Iterator[str]:
    """Complain about a source folder that the import contracts would not see."""
    known = set(paths)
    folders = {PurePosixPath(path).parent for path in known}
    for folder in sorted(folders):
        if f"{folder}/__init__.py" not in known:
            yield f"{folder}: no __init__.py, so no import contract sees it"


def _span(node: ast.AST) -> int:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return int(last) - int(first) + 1


def _docstring_lines(node: _Function) -> int:
    return _span(node.body[0]) if ast.get_docstring(node, clean=False) is not None else 0
