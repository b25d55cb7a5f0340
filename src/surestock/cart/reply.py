"""The table by which ``ledger.reply`` finds what carts bring."""

from collections.abc import Callable
from typing import Any

CART_REPLIES: dict[type, Callable[..., Any]] = {}
