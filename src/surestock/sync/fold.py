"""Fold changes into the stocks, one at a time, and stop the SKU of one that fails.

A change that fails (a *poisoned* one) opens a letter. The later changes of its SKU are parked
behind it, those of all other SKUs go on in the same call. A SKU is *diverged* as long as a change
of it is parked, or one of its levels is stale because a change was discarded.
"""

from collections.abc import Iterable, Mapping

from msgspec import Raw

from surestock.inventory.model import Level
from surestock.sync.changes import (
    Change,
    LooseRecord,
    Position,
    SoundRecord,
    records_after,
    sound,
)
from surestock.sync.check import Check
from surestock.sync.errors import CannotFold, FoldError
from surestock.sync.letters import Letters
from surestock.sync.stocks import Stocks


class Fold:
    """The stocks up to ``applied_sequence``; ``diverged`` are the SKUs that cannot be trusted."""

    def __init__(self, letters: Letters, check: Check) -> None:
        self._letters = letters
        self._check = check
        self._stale: dict[str, set[str]] = {}
        self.stocks = Stocks()
        self.diverged: set[str] = set()
        self.applied_sequence = 0

    def seed(self, sequence: int, levels: Iterable[Level]) -> None:
        """Start from a snapshot at ``sequence``. Only what is empty can be seeded."""
        if self.applied_sequence:
            msg = f"the view is at record {self.applied_sequence} already"
            raise AssertionError(msg)
        self.stocks = Stocks(levels)
        self._letters.pass_over(sequence)
        self.applied_sequence = sequence

    def resume(self, sequence: int, levels: Iterable[Level], stale: Mapping[str, set[str]]) -> None:
        """Go on at ``sequence`` with some SKUs as they were kept; ``stale`` are those in doubt."""
        self.stocks = Stocks(levels)
        self.applied_sequence = sequence
        for sku, stores in stale.items():
            self._stale[sku] = set(stores)
            self.mark(sku)

    def stale(self, sku: str) -> frozenset[str]:
        """Return the stores whose level of a SKU misses a change; an empty one is any store."""
        return frozenset(self._stale.get(sku, ()))

    def apply(self, records: Raw | bytes) -> int:
        """Fold the records of a group commit (a JSON array); return how many were new.

        Raises :class:`CannotFold` at a record that cannot be passed over. Those before it are
        folded then, and the commit may be offered again: records are never folded twice.
        """
        return self.fold(records_after(records, self.applied_sequence))

    def fold(self, records: Iterable[SoundRecord | LooseRecord]) -> int:
        """Fold records, the first of which follows the last one that was; return how many.

        Raises :class:`CannotFold` as :meth:`apply` does.
        """
        start = self.applied_sequence
        expected, diverged, stocks = self._letters.expected, self.diverged, self.stocks
        for record in records:
            sequence = record.sequence
            if sequence != self.applied_sequence + 1:
                raise CannotFold(self.applied_sequence + 1, f"record {sequence} follows instead")
            for index, change in enumerate(record.levels):
                if change.sku in diverged or sequence in expected:
                    self.offer((sequence, index), change)
                else:
                    try:
                        stocks.put(sound(change), self._check)
                    except FoldError as error:
                        self._fail((sequence, index), change, error)
            self.applied_sequence = sequence
        return self.applied_sequence - start

    def offer(self, position: Position, change: Change) -> None:
        """Fold a change of a SKU that needs a closer look, or let it wait."""
        opened = self._letters.stops(change.sku)
        if opened is not None:
            opened.parked.add(*position)
        elif self._letters.is_discarded(position):
            self.skip(change.sku, change.store_id)
        else:
            try:
                self.put(change)
            except FoldError as error:
                self._fail(position, change, error)
            else:
                self._letters.came_through(position)

    def put(self, change: Change) -> None:
        """Fold a change; if its level was stale, whatever version it has. Raises ``FoldError``."""
        level = sound(change)
        stale = self._stale.get(level.sku, set())
        any_version = level.store_id in stale or "" in stale
        self.stocks.put(level, self._check, any_version=any_version)
        stale.discard(level.store_id)
        self.settle(level.sku)

    def skip(self, sku: str, store_id: str) -> None:
        """Leave a change out: its level is stale until a later record tells it anew.

        Where not even the store could be told, no later record can say that all is well again.
        """
        self._stale.setdefault(sku, set()).add(store_id)
        self.mark(sku)

    def settle(self, sku: str) -> None:
        """Clear the mark of a SKU of which nothing is missing any more."""
        if not self._stale.get(sku):
            self._stale.pop(sku, None)
            if self._letters.stops(sku) is None:
                self.diverged.discard(sku)

    def mark(self, sku: str) -> None:
        """Let a SKU be known, and not trusted until :meth:`settle`."""
        self.stocks.mention(sku)
        self.diverged.add(sku)

    def _fail(self, position: Position, change: Change, error: FoldError) -> None:
        self._letters.open(position, change, error)
        self.mark(change.sku)
