"""What is exported, and how it is written to a file."""

from enum import StrEnum


class View(StrEnum):
    """``stock`` is a level a store and SKU; ``central`` is each SKU over all stores."""

    STOCK = "stock"
    CENTRAL = "central"


class Format(StrEnum):
    """``json`` is one array, which other programs like; the others have a value a line."""

    NDJSON = "ndjson"
    CSV = "csv"
    JSON = "json"
