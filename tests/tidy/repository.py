"""Which files the house rules look at: what the project ships, not what tools or runs leave."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("src", "tests", "benchmarks", "demo")
_FOLDERS = (*CODE_FOLDERS, "deploy", "docs", "requirements", ".ci", "data/seed")
_NOT_OURS = {".coverage", ".git"}
_BINARY = {".gz", ".parquet", ".png", ".pyc", ".zst"}


def text_files() -> Iterator[tuple[str, str]]:
    """Yield the path, relative to the root and with slashes, and the text of each file."""
    for path in sorted(_paths()):
        if path.suffix not in _BINARY and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def python_files() -> Iterator[tuple[str, str]]:
    """Yield path and text of each Python file."""
    return ((path, text) for path, text in text_files() if path.endswith(".py"))


def _paths() -> Iterator[Path]:
    for entry in ROOT.iterdir():
        if entry.is_file() and not entry.name.startswith(tuple(_NOT_OURS)):
            yield entry
    for folder in _FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file())
