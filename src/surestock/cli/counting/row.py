"""One row: the contract's rules for a count, told in words for whoever filled in the file."""

import re
from collections.abc import Mapping
from typing import Any, Final

from surestock.api.schemas.values import IDENTIFIER
from surestock.cli.counting.errors import RowFault
from surestock.inventory.commands import CountStock
from surestock.inventory.model import MAX_QUANTITY

REQUIRED: Final = ("storeId", "sku", "onHand")
OPTIONAL: Final = ("reason",)
EXPORTED: Final = ("qty", "reserved", "version", "updatedAt")
"""What an export tells besides. A count says what is there, so these are left aside."""

_KNOWN = frozenset({*REQUIRED, *OPTIONAL, *EXPORTED})
_IDENTIFIER = re.compile(IDENTIFIER).fullmatch
_MOST_REASON = 255
_MOST_SHOWN = 40


def check_count(members: Mapping[str, Any]) -> CountStock:
    """Return the command that a row stands for. Raises :class:`RowFault`."""
    try:
        store_id, sku, on_hand = members["storeId"], members["sku"], members["onHand"]
    except KeyError as missing:
        raise RowFault(f"{missing.args[0]} is missing") from None
    if not members.keys() <= _KNOWN:
        raise RowFault(f"{', '.join(sorted(members.keys() - _KNOWN))}: no such member")
    _check_identifier("storeId", store_id)
    _check_identifier("sku", sku)
    if type(on_hand) is not int or not 0 <= on_hand <= MAX_QUANTITY:
        raise RowFault(f"onHand is {shown(on_hand)}, not an integer from 0 to {MAX_QUANTITY}")
    reason = members.get("reason")
    if reason is not None and not (type(reason) is str and 1 <= len(reason) <= _MOST_REASON):
        raise RowFault(f"reason is {shown(reason)}, not a text of 1 to {_MOST_REASON} characters")
    return CountStock(store_id, sku, on_hand, reason=reason)


def shown(value: object) -> str:
    """Return ``value`` as it may stand in a message: short, and without control characters."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _check_identifier(name: str, value: object) -> None:
    if type(value) is not str or _IDENTIFIER(value) is None:
        raise RowFault(
            f"{name} is {shown(value)}, not 1 to 64 characters of A-Z, a-z, 0-9, '.', '_', ':' and "
            "'-' that begin with a letter or a digit"
        )
