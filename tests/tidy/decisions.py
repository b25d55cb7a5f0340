"""House rules for decision records: numbered without a gap, and each says what enforces it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

HEADINGS = ("Context", "Decision", "Consequences", "Enforced by")
_NAME = re.compile(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")


def bad_numbering(paths: Iterable[str]) -> Iterator[str]:
    """Complain about a record without a number, and about a gap or a number used twice."""
    numbers = []
    for path in sorted(paths):
        if named := _NAME.fullmatch(PurePosixPath(path).name):
            numbers.append(int(named[1]))
        else:
            yield f"{path}: the name is not NNNN-words-with-hyphens.md"
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"docs/adr: numbers are {numbers}, not 1, 2, 3 …"


def missing_heading(path: str, text: str) -> Iterator[str]:
    """Complain about a record that leaves one of its four questions open."""
    parts = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    for heading in HEADINGS:
        if not bodies.get(heading, "").strip():
            yield f"{path}: '## {heading}' is missing or empty"
