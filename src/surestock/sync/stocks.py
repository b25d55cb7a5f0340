"""The levels of each SKU over all stores, in memory, and the SKUs in order.

A SKU is in few stores, so its levels are one small tuple: less memory than a mapping, and an
answer can keep it, for it never changes. Putting a level costs the same among a thousand SKUs and
among a million.
"""

from bisect import bisect_left
from collections.abc import Iterable
from operator import attrgetter
from sys import intern

from sortedcontainers import SortedList

from surestock.inventory.model import Level
from surestock.sync.check import Check

_store_of = attrgetter("store_id")


class Stocks:
    """Knows every SKU that was put or mentioned."""

    def __init__(self, levels: Iterable[Level] = ()) -> None:
        self._levels: dict[str, tuple[Level, ...]] = {}
        for level in levels:
            others = self._levels.get(level.sku)
            self._levels[level.sku] = (level,) if others is None else (*others, level)
        for sku, those in self._levels.items():
            if len(those) > 1:
                self._levels[sku] = tuple(sorted(those, key=_store_of))
        self._skus = SortedList(self._levels)

    def __len__(self) -> int:
        """Return how many SKUs are known."""
        return len(self._levels)

    def find(self, sku: str) -> tuple[Level, ...] | None:
        """Return the levels of a SKU, sorted by store, or None."""
        return self._levels.get(sku)

    def after(self, sku: str, limit: int) -> list[str]:
        """Return up to ``limit`` SKUs that sort after ``sku``, in order."""
        start = self._skus.bisect_right(sku)
        return list(self._skus.islice(start, start + limit))

    def mention(self, sku: str) -> None:
        """Let a SKU be known, though perhaps none of its levels is."""
        if sku not in self._levels:
            self._levels[sku] = ()
            self._skus.add(sku)

    def put(self, level: Level, check: Check, *, any_version: bool = False) -> None:
        """Take ``level`` in place of the one known before, once ``check`` let it pass."""
        sku, store = level.sku, level.store_id
        levels = self._levels.get(sku)
        if levels is None:
            check(level, None if any_version else 1)
            self._skus.add(sku)
            self._levels[sku] = (_kept(level, intern(store), sku),)
            return
        at = bisect_left(levels, store, key=_store_of)
        if at < len(levels) and levels[at].store_id == store:
            known = levels[at]
            check(level, None if any_version else known.version + 1)
            new = _kept(level, known.store_id, known.sku)
            self._levels[sku] = (
                (new,) if len(levels) == 1 else (*levels[:at], new, *levels[at + 1 :])
            )
        else:
            check(level, None if any_version else 1)
            new = _kept(level, intern(store), levels[0].sku if levels else sku)
            self._levels[sku] = (*levels[:at], new, *levels[at:])


def _kept(level: Level, store_id: str, sku: str) -> Level:
    """Return the level with strings that are in memory already, not one more copy of them."""
    return Level(store_id, sku, level.on_hand, level.reserved, level.version, level.updated_at)
