"""The table by which ``ledger.keys`` finds what carts bring."""

from collections.abc import Callable
from typing import Any

CART_KEYS: dict[type, Callable[..., Any]] = {}
