"""A line of NDJSON as members."""

from typing import Any

from surestock.api.json_body import parse_json
from surestock.cli.counting.errors import RowFault


def json_row(line: bytes) -> dict[str, Any]:
    """Return the row's members. Raises :class:`RowFault`; also when one is named twice."""
    try:
        value = parse_json(line)
    except ValueError as error:
        raise RowFault(f"it {error}") from error
    if not isinstance(value, dict):
        raise RowFault("it is not a JSON object")
    return value
