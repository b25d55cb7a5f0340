"""Cursors of lists: opaque to clients, so that what orders a list may change."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from surestock.api.errors import Fault, ValidationFailed
from surestock.api.route import is_id

_LETTER: Final = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")


def write_cursor(item: str) -> str:
    """Return the cursor that asks for what follows the SKU or the dead letter ``item``."""
    return urlsafe_b64encode(item.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str:
    """Return the SKU that a cursor stands behind, or nothing, which every SKU follows.

    Raises :class:`ValidationFailed` for a cursor that no list gave out.
    """
    sku = _read(cursor)
    if cursor is not None and not is_id(sku):
        raise _foreign()
    return sku


def read_letter_cursor(cursor: str | None) -> str:
    """Return the id of the dead letter that a cursor stands behind, as :func:`read_cursor` does."""
    letter_id = _read(cursor)
    if cursor is not None and not _LETTER.fullmatch(letter_id):
        raise _foreign()
    return letter_id


def _read(cursor: str | None) -> str:
    if cursor is None:
        return ""
    try:
        item = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        raise _foreign() from None
    if write_cursor(item) != cursor:
        raise _foreign()
    return item


def _foreign() -> ValidationFailed:
    return ValidationFailed(Fault("query", "/cursor", "is not a cursor of this list"))
