"""Views with one flaw each. A test of the fold that none of them fails proves nothing."""

from collections.abc import Iterable
from typing import Any

from msgspec import Raw

from surestock.inventory.central import DeadLetter
from surestock.inventory.model import Level
from surestock.sync.changes import Change, Position
from surestock.sync.errors import FoldError
from surestock.sync.fold import Fold
from surestock.sync.letter import OpenLetter
from surestock.sync.parking import Parked
from surestock.sync.stocks import Stocks
from surestock.sync.view import CentralView


class _LetsBy(Fold):
    def offer(self, position: Position, change: Change) -> None:
        try:
            self.put(change)
        except FoldError:
            self.skip(change.sku, change.store_id)


class ParksNothing(CentralView):
    """Later changes of a SKU that is stopped are let by, or dropped."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._fold = _LetsBy(self._letters, parts[-1])


class StopsAll(CentralView):
    """One SKU that is stopped stops all that come after it."""

    def apply(self, records: Raw | bytes) -> int:
        if self.open_letters:
            self._fold.diverged.update(stock.sku for stock in self.page("", 99))
        return super().apply(records)


class LastFirst(CentralView):
    """Parked changes are folded in the wrong order."""

    def _go_on(self, closed: OpenLetter) -> None:
        waiting = [closed.parked.take() for _ in range(len(closed.parked))]
        for position in reversed(waiting):
            closed.parked.add(*position)
        super()._go_on(closed)


class ForgetsTheRest(CentralView):
    """When a parked change fails, those behind it are lost."""

    def _go_on(self, closed: OpenLetter) -> None:
        super()._go_on(closed)
        following = self._letters.stops(closed.letter.sku)
        if following is not None:
            following.parked = Parked()


class RedrivesTwice(CentralView):
    """The first change behind a letter is folded twice."""

    def _go_on(self, closed: OpenLetter) -> None:
        if closed.parked:
            position = closed.parked.take()
            again = Parked()
            again.add(*position)
            while closed.parked:
                again.add(*closed.parked.take())
            closed.parked = again
            change = self._read_again(position, closed.letter.sku)
            self._fold.offer(position, change)
        super()._go_on(closed)


class DiscardsTheQueue(CentralView):
    """A letter that is discarded takes those behind it with it."""

    def discard(self, letter_id: str, reason: str) -> DeadLetter:
        opened = self._letters.find_open(letter_id)
        if opened is not None:
            opened.parked = Parked()
        return super().discard(letter_id, reason)


class TrustsAfterDiscard(CentralView):
    """A level that misses a change is shown as if it were right."""

    def discard(self, letter_id: str, reason: str) -> DeadLetter:
        letter = super().discard(letter_id, reason)
        if self._letters.stops(letter.sku) is None:
            self._fold.diverged.discard(letter.sku)
        return letter


class ForgetsDiscards(CentralView):
    """What was discarded comes back after a restart."""

    def __init__(self, *parts: Any) -> None:
        decisions, read, now, decided, *rest = parts
        kept = [letter for letter in decided if letter.status != "discarded"]
        super().__init__(decisions, read, now, kept, *rest)


class ForgetsDeaths(CentralView):
    """What was dead is tried from the start after a restart."""

    def __init__(self, *parts: Any) -> None:
        decisions, read, now, decided, *rest = parts
        kept = [letter for letter in decided if letter.status != "dead"]
        super().__init__(decisions, read, now, kept, *rest)


class DeadForever(CentralView):
    """A snapshot that covers a dead letter does not close it."""

    def seed(self, sequence: int, levels: Iterable[Level]) -> None:
        self._fold.stocks = Stocks(levels)
        self._fold.applied_sequence = sequence


FLAWED = [
    ParksNothing,
    StopsAll,
    LastFirst,
    ForgetsTheRest,
    RedrivesTwice,
    DiscardsTheQueue,
    TrustsAfterDiscard,
    ForgetsDiscards,
    ForgetsDeaths,
    DeadForever,
]
