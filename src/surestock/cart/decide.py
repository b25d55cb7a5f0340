"""The table by which ``ledger.decide`` finds what carts bring."""

from collections.abc import Callable
from typing import Any

CART_RULES: dict[type, Callable[..., Any]] = {}
