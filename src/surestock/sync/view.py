"""The central view: every SKU over all stores, as far as the log was folded into it.

It is one value in memory, made of a snapshot and the log after it, so nothing can be folded twice
or be half on disk. Parked changes are not kept: ``read`` brings their records back from the log.

No file, clock or event loop is known here: decisions, records and time come from what is handed in.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Raw

from surestock.inventory.central import CentralStock, DeadLetter
from surestock.inventory.model import Level
from surestock.sync.changes import (
    BadLevel,
    Change,
    LooseRecord,
    Position,
    SoundRecord,
    read_change,
)
from surestock.sync.check import Check, check_change
from surestock.sync.errors import FoldError
from surestock.sync.fold import Fold
from surestock.sync.letter import OPEN, Doubt, OpenLetter
from surestock.sync.letters import Decisions, Letters

_MOST_RETRIES = 1000
"""How many letters one call of ``retry`` tries: a tick must end, however much is wrong."""

ReadRecord = Callable[[int], bytes | Raw]
"""Returns the JSON of the record with a sequence. Raises :class:`FoldError` when it cannot."""


class CentralView:
    """The view, and the letters that stop some of its SKUs. One thread uses it at a time.

    ``decided`` are the letters that earlier processes decided about. A change is tried ``tries``
    times by itself, then only when somebody asks.
    """

    def __init__(
        self,
        decisions: Decisions,
        read: ReadRecord,
        now: Callable[[], datetime],
        decided: Iterable[DeadLetter] = (),
        tries: int = 3,
        check: Check = check_change,
    ) -> None:
        self._read = read
        self._letters = Letters(decisions, decided, now, tries)
        self._fold = Fold(self._letters, check)

    @property
    def applied_sequence(self) -> int:
        """The last record that is in the view, or parked."""
        return self._fold.applied_sequence

    @property
    def open_letters(self) -> int:
        """How many letters stop their SKU now."""
        return len(self._letters)

    @property
    def opened_letters(self) -> int:
        """How many letters were opened since the view was made."""
        return self._letters.opened

    @property
    def oldest_parked(self) -> int | None:
        """The oldest record that a letter still needs from the log, or None."""
        return self._letters.oldest()

    def __len__(self) -> int:
        """Return how many SKUs are known."""
        return len(self._fold.stocks)

    def find(self, sku: str) -> CentralStock | None:
        """Return a SKU in every store that has it, or None."""
        levels = self._fold.stocks.find(sku)
        return None if levels is None else CentralStock(sku, levels, sku in self._fold.diverged)

    def page(self, after: str, limit: int) -> list[CentralStock]:
        """Return up to ``limit`` SKUs that sort after ``after``, in order."""
        found = (self.find(sku) for sku in self._fold.stocks.after(after, limit))
        return [stock for stock in found if stock is not None]

    def letters(self, after: str = "", limit: int | None = None) -> list[DeadLetter]:
        """Return up to ``limit`` letters after letter ``after``, in the order of the log.

        All that are remembered count, closed ones too. No ``after`` is before the first of them.
        """
        return self._letters.page(after, limit)

    def seed(self, sequence: int, levels: Iterable[Level]) -> None:
        """Start from a snapshot at ``sequence``, before anything is applied."""
        self._fold.seed(sequence, levels)

    def resume(self, sequence: int, levels: Iterable[Level], doubts: Iterable[Doubt]) -> None:
        """Go on at ``sequence`` with the levels of some changes and the doubts about their SKUs."""
        kept = list(doubts)
        self._fold.resume(sequence, levels, {doubt.sku: set(doubt.stale) for doubt in kept})
        for doubt in kept:
            if doubt.stop is not None:
                self._letters.resume(doubt.stop)

    def doubt(self, sku: str) -> Doubt | None:
        """Return why a SKU cannot be trusted, or None when it can."""
        if sku not in self._fold.diverged:
            return None
        return Doubt(sku, self._fold.stale(sku), self._letters.stops(sku))

    def fold(self, records: Iterable[SoundRecord | LooseRecord]) -> int:
        """Fold records, the first of which follows the last one that was; return how many."""
        return self._fold.fold(records)

    def apply(self, records: Raw | bytes) -> int:
        """Fold the records of a group commit (a JSON array); return how many were new.

        Raises :class:`~surestock.sync.errors.CannotFold` at a record that cannot be passed over.
        Those before it are folded then, and the commit may be offered again.
        """
        return self._fold.apply(records)

    def retry(self) -> None:
        """Try the letters again that still have a try, and write down what became of them.

        Meant to be called once a tick. Raises ``OSError`` when it cannot be written down; the view
        is right all the same, and the next call writes it.
        """
        for opened in self._letters.retrying()[:_MOST_RETRIES]:
            self._try_again(opened)
        self._letters.write()

    def redrive(self, letter_id: str) -> DeadLetter:
        """Try a letter's change again, then those parked behind it, in order, each once.

        The first of them that fails becomes the next letter, with the rest behind it. A letter
        that is closed is returned as it is. Raises ``NotFound``, and ``OSError`` as ``retry`` does.
        """
        opened = self._letters.find_open(letter_id)
        if opened is not None:
            self._try_again(opened)
        self._letters.write()
        return self._letters.get(letter_id)

    def discard(self, letter_id: str, reason: str) -> DeadLetter:
        """Give a letter's change up, and fold those parked behind it. The decision comes first.

        A letter that is closed is returned as it is. Raises ``NotFound``, and ``OSError``: then
        nothing was given up.
        """
        opened = self._letters.find_open(letter_id)
        if self._letters.get(letter_id).status in OPEN:
            self._letters.discard(letter_id, reason)
            if opened is not None:
                self._fold.skip(opened.letter.sku, opened.letter.store_id)
                self._go_on(opened)
        self._letters.write()
        return self._letters.get(letter_id)

    def go_on(self, sku: str) -> None:
        """Fold more of what waits behind a letter that is closed, as far as it is at hand."""
        self._go_on(self._letters.release(sku))

    def _try_again(self, opened: OpenLetter) -> None:
        try:
            self._fold.put(self._read_again(opened.position, opened.letter.sku))
        except FoldError as error:
            self._letters.failed_again(opened, error)
            return
        self._letters.close(opened)
        self._go_on(opened)

    def _go_on(self, closed: OpenLetter) -> None:
        """Fold what waited behind a letter that is closed, until one of them fails."""
        sku, parked = closed.letter.sku, closed.parked
        while parked.at_hand:
            position = parked.take()
            self._fold.offer(position, self._read_again(position, sku))
            following = self._letters.stops(sku)
            if following is not None:
                following.parked = parked
                return
        if parked:
            self._letters.hold(closed)
            self._fold.mark(sku)
        self._fold.settle(sku)

    def _read_again(self, position: Position, sku: str) -> Change:
        try:
            record = self._read(position[0])
        except FoldError as error:
            return BadLevel("", sku, str(error))
        return read_change(record, position, sku)
