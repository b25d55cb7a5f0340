"""A log on paper: records with the levels that they left, good and bad ones, and a view over it."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from surestock.inventory.central import DeadLetter
from surestock.inventory.model import Level, StockKey
from surestock.sync.check import check_change
from surestock.sync.errors import FoldError
from surestock.sync.view import CentralView

START = datetime(2026, 1, 1, tzinfo=UTC)

Spoil = Callable[[dict[str, Any]], Any]
"""Makes a bad level, as JSON, of a good one."""


def garbled(level: dict[str, Any]) -> Any:
    return level | {"onHand": "many"}


def storeless(level: dict[str, Any]) -> Any:
    return level | {"storeId": 7}


def impossible(level: dict[str, Any]) -> Any:
    return level | {"reserved": level["onHand"] + 1}


def jumped(level: dict[str, Any]) -> Any:
    return level | {"version": level["version"] + 1}


def nameless(level: dict[str, Any]) -> Any:
    return {name: value for name, value in level.items() if name != "sku"}


def good(level: dict[str, Any]) -> Any:
    return level


class PaperLog:
    """Records by sequence. ``truth`` is what each level should be, whatever its record says.

    Records in ``gone`` cannot be read again.
    """

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.records: list[bytes] = []
        self.touched: list[list[StockKey]] = []
        self.truth: dict[StockKey, Level] = {}

    @property
    def sequence(self) -> int:
        return len(self.records)

    def add(self, *changes: tuple[str, str] | tuple[str, str, Spoil]) -> int:
        """Add a record that changes levels (SKU, store, how it is spoiled); return its sequence."""
        levels = []
        sequence = self.sequence + 1
        for sku, store, *spoil in changes:
            level = self._next(store, sku, sequence)
            levels.append((spoil[0] if spoil else good)(msgspec.to_builtins(level)))
        self.touched.append([(store, sku) for sku, store, *_ in changes])
        record = {"sequence": sequence, "id": f"boot-{sequence:x}", "events": [], "levels": levels}
        self.records.append(msgspec.json.encode(record))
        return sequence

    def _next(self, store: str, sku: str, sequence: int) -> Level:
        before = self.truth.get((store, sku))
        version = 1 if before is None else before.version + 1
        at = START + timedelta(seconds=sequence)
        level = Level(store, sku, 100 + sequence, sequence % 7, version, at)
        self.truth[store, sku] = level
        return level

    def commit(self, first: int = 1, last: int | None = None) -> bytes:
        """Return a group commit of records, as the JSON array in its line."""
        return b"[" + b",".join(self.records[first - 1 : last]) + b"]"

    def read(self, sequence: int) -> bytes:
        if sequence in self.gone:
            raise FoldError(f"record {sequence} cannot be read again")
        return self.records[sequence - 1]

    def level(self, sequence: int, index: int) -> Any:
        """Return a level as its record tells it."""
        return msgspec.json.decode(self.records[sequence - 1])["levels"][index]


class Memory:
    """Decisions that outlive the view, but not the test."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.is_full = False

    def append(self, letters: Iterable[DeadLetter]) -> None:
        if self.is_full:
            raise OSError("the disk is full")
        self.letters += letters


class Gate:
    """The check of the product, which may be told to let some changes fail for a while.

    Changes are told apart by (sequence, store, SKU). ``passed`` counts how often each was let in.
    """

    def __init__(self) -> None:
        self.poisoned: set[tuple[int, str, str]] = set()
        self.passed: Counter[tuple[int, str, str]] = Counter()

    def __call__(self, level: Level, version: int | None) -> None:
        sequence = round((level.updated_at - START).total_seconds())
        change = (sequence, level.store_id, level.sku)
        if change in self.poisoned:
            raise FoldError(f"change {change} is poisoned")
        check_change(level, version)
        self.passed[change] += 1


class Desk:
    """A view over a paper log, with all that it needs."""

    def __init__(self, view: type[CentralView] = CentralView, tries: int = 3) -> None:
        self.log = PaperLog()
        self.decisions = Memory()
        self.gate = Gate()
        self.seconds = 0
        self._make = view
        self._tries = tries
        self.restart()

    def now(self) -> datetime:
        self.seconds += 1
        return START + timedelta(days=1, seconds=self.seconds)

    def restart(self) -> None:
        """Make a view that knows nothing but what was decided."""
        self.gate.passed.clear()
        decided = list(self.decisions.letters)
        self.view = self._make(
            self.decisions, self.log.read, self.now, decided, self._tries, self.gate
        )

    def add(self, *changes: tuple[str, str] | tuple[str, str, Spoil]) -> int:
        """Add a record to the log and fold it at once; return its sequence."""
        sequence = self.log.add(*changes)
        self.view.apply(self.log.commit(sequence))
        return sequence

    def shown(self, sku: str) -> dict[str, int]:
        """Return the version of a SKU's level in each store."""
        stock = self.view.find(sku)
        assert stock is not None
        return {level.store_id: level.version for level in stock.levels}

    def is_diverged(self, sku: str) -> bool:
        stock = self.view.find(sku)
        assert stock is not None
        return stock.diverged
