"""How stock levels are written to a file."""

from enum import StrEnum


class Format(StrEnum):
    """``json`` is one array, which other programs like; the others have a level a line."""

    NDJSON = "ndjson"
    CSV = "csv"
    JSON = "json"
