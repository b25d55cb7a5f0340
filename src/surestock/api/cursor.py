"""Cursors of lists by SKU: opaque to clients, so that what orders a list may change."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from surestock.api.errors import Fault, ValidationFailed
from surestock.api.route import is_id


def write_cursor(sku: str) -> str:
    """Return the cursor that asks for what follows ``sku``."""
    return urlsafe_b64encode(sku.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str:
    """Return the SKU that a cursor stands behind, or nothing, which every SKU follows.

    Raises :class:`ValidationFailed` for a cursor that no list gave out.
    """
    if cursor is None:
        return ""
    try:
        sku = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        sku = ""
    if not is_id(sku) or write_cursor(sku) != cursor:
        raise ValidationFailed(Fault("query", "/cursor", "is not a cursor of this list"))
    return sku
