"""The table by which ``ledger.evolve`` finds what carts bring."""

from collections.abc import Callable
from typing import Any

CART_CHANGES: dict[type, Callable[..., Any]] = {}
