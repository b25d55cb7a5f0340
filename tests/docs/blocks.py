"""A document as its examples: a block that is run, and the block after it that shows its answer.

``sh`` blocks are run. An ``http``, ``json`` or ``text`` block right after one is what it prints.
``console`` blocks start what stays or takes long, ``ascii`` blocks are drawings: both are shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sybil import Document
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

RUN = "sh"
ANSWERS = ("http", "json", "text")
SHOWN = ("console", "ascii")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the line that it starts on, its language, its content."""

    line: int
    language: str
    content: str


@dataclass(frozen=True, slots=True)
class Example:
    """A command, and the answer that the document shows, if it shows one."""

    command: Block
    answer: Block | None


def blocks_of(path: Path) -> list[Block]:
    """Return every fenced block of a document, in order."""
    text = path.read_text(encoding="utf-8")
    document = Document(text, str(path))
    return [
        Block(
            text.count("\n", 0, region.start) + 1,
            region.lexemes["language"],
            str(region.lexemes["source"]),
        )
        for region in FencedCodeBlockLexer(r".*")(document)
    ]


def examples_of(blocks: list[Block]) -> Iterator[Example]:
    """Yield what is to be run. Raises ``ValueError`` for a block that nobody would check."""
    command: Block | None = None
    for block in blocks:
        if block.language in ANSWERS:
            if command is None:
                raise ValueError(f"line {block.line}: an answer to nothing")
            yield Example(command, block)
            command = None
            continue
        if command is not None:
            yield Example(command, None)
        if block.language not in (RUN, *SHOWN):
            raise ValueError(f"line {block.line}: a block of {block.language or 'no language'}")
        command = block if block.language == RUN else None
    if command is not None:
        yield Example(command, None)
