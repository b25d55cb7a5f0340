"""What a record may tell, and PostgreSQL cannot keep. It fails its own SKU, like any bad change."""

from datetime import UTC

from surestock.inventory.model import Level
from surestock.sync.check import check_change
from surestock.sync.errors import FoldError

_MOST_VERSION = 2**63 - 1
_NUL = "\0"


def is_storable_text(text: str) -> bool:
    """Tell whether PostgreSQL can keep a text: it takes any but one with a NUL."""
    return _NUL not in text


def check_storable(level: Level, version: int | None) -> None:
    """Raise :class:`FoldError` unless the level may follow, and can be kept.

    Quantities that may follow can be kept; a version may be any after a change was discarded.
    """
    check_change(level, version)
    if level.version > _MOST_VERSION:
        raise FoldError(f"version {level.version} is too large")
    if level.updated_at.tzinfo is None:
        raise FoldError("its time has no zone")
    try:
        level.updated_at.astimezone(UTC)
    except OverflowError:
        raise FoldError("its time is before the year 1, or after 9999") from None
    if not is_storable_text(level.store_id):
        raise FoldError("its store id holds a NUL")
