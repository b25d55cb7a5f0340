"""A table as plain rows of text, whatever it is then printed on."""

from collections.abc import Sequence

import msgspec


class Table(msgspec.Struct, frozen=True):
    """A titled table; every row has one text for each heading."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
