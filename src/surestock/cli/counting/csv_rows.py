"""A line of CSV as members: its header says what each field is.

Each line is a row: a quotation mark that is never closed spoils its own line and no other, so a
field cannot hold a line break. Nothing that is imported has one.
"""

import csv
import re
from typing import Any

from surestock.cli.counting.errors import FileUnusable, RowFault
from surestock.cli.counting.row import EXPORTED, OPTIONAL, REQUIRED, shown

_KNOWN = (*REQUIRED, *OPTIONAL, *EXPORTED)
_PLAIN_INTEGER = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch


class CsvRows:
    """Reads lines under one ``header``. Raises :class:`FileUnusable` when that does not fit."""

    def __init__(self, header: bytes) -> None:
        try:
            self._columns = _fields(header)
        except RowFault as fault:
            raise FileUnusable(f"its first line is no CSV header: {fault}") from fault
        columns = set(self._columns)
        missing = [name for name in REQUIRED if name not in columns]
        unknown = [name for name in self._columns if name not in _KNOWN]
        if missing or unknown:
            said = [f"has no column {name}" for name in missing]
            said += [f"has an unknown column {shown(name)}" for name in unknown]
            raise FileUnusable(
                f"it {', '.join(said)}. The first line must name storeId, sku, onHand "
                "(and may name reason), separated by commas"
            )
        if len(columns) != len(self._columns):
            raise FileUnusable("it has the same column twice")

    def __call__(self, line: bytes) -> dict[str, Any]:
        """Return the row's members. Raises :class:`RowFault`."""
        fields = _fields(line)
        if len(fields) != len(self._columns):
            raise RowFault(
                f"it has {len(fields)} fields, but {len(self._columns)} columns are named"
            )
        members: dict[str, Any] = dict(zip(self._columns, fields, strict=True))
        on_hand = members["onHand"]
        if _PLAIN_INTEGER(on_hand):
            members["onHand"] = int(on_hand)
        if not members.get("reason"):
            members["reason"] = None
        return members


def _fields(line: bytes) -> list[str]:
    try:
        return next(csv.reader((line.decode(),), strict=True))
    except csv.Error as error:
        raise RowFault(f"it is no sound CSV: {error}") from error
