"""Dead letters: changes that failed, what was decided about them, and who waits behind.

A letter is *retrying* until its tries are used up, then *dead* until somebody redrives or discards
it. The open ones stop their SKU. What was decided outlives the process, in the order of the
decisions; when the log is folded again, the same changes fail again and meet their decisions here.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace
from sortedcontainers import SortedDict

from surestock.inventory.central import DeadLetter
from surestock.inventory.refusals import NotFound
from surestock.sync.changes import Change, Position
from surestock.sync.errors import FoldError
from surestock.sync.letter import OPEN, OpenLetter, letter_id, position_of
from surestock.sync.parking import Parked


class Decisions(Protocol):
    """Remembers letters that were decided about."""

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Make them durable, in order. Raises ``OSError``; then none of them need be."""
        ...


class Letters:
    """All letters. ``decided`` are those of earlier processes, in the order of the decisions.

    ``opened`` counts the letters that were opened here. ``expected`` are the sequences of records
    that hold a change which was decided about before, and comes again.
    """

    def __init__(
        self,
        decisions: Decisions,
        decided: Iterable[DeadLetter],
        now: Callable[[], datetime],
        tries: int,
    ) -> None:
        self._decisions = decisions
        self._now = now
        self._tries = tries
        self._open_by_sku: dict[str, OpenLetter] = {}
        self._open: dict[str, OpenLetter] = {}
        self._others = {letter.id: replace(letter, parked=0) for letter in decided}
        self._ids: SortedDict[Position, str] = SortedDict(
            (position_of(wanted), wanted) for wanted in self._others
        )
        self._unwritten: list[DeadLetter] = []
        self.opened = 0
        self.expected = {letter.sequence for letter in self._others.values()}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def pass_over(self, sequence: int) -> None:
        """Close the dead letters up to ``sequence``: a snapshot holds what they failed to do."""
        for letter in list(self._others.values()):
            if letter.sequence <= sequence and letter.status == "dead":
                self._redriven(letter)

    def resume(self, kept: OpenLetter) -> None:
        """Take up a letter that was kept with its SKU stopped."""
        letter = kept.letter
        self._ids[kept.position] = letter.id
        if letter.status in OPEN:
            self._open[letter.id] = kept
        else:
            self._others[letter.id] = letter
        self.hold(kept)

    def hold(self, closed: OpenLetter) -> None:
        """Let a letter that has had its end stop its SKU while some of the queue still waits."""
        self._open_by_sku[closed.letter.sku] = closed

    def release(self, sku: str) -> OpenLetter:
        """Return the letter that :meth:`hold` was told of, and let it stop the SKU no longer."""
        return self._open_by_sku.pop(sku)

    def stops(self, sku: str) -> OpenLetter | None:
        """Return the open letter of a SKU, or None."""
        return self._open_by_sku.get(sku)

    def find_open(self, wanted: str) -> OpenLetter | None:
        """Return the open letter with id ``wanted``, or None."""
        return self._open.get(wanted)

    def get(self, wanted: str) -> DeadLetter:
        """Return the letter with id ``wanted``. Raises ``NotFound``."""
        opened = self._open.get(wanted)
        if opened is not None:
            return opened.shown()
        letter = self._others.get(wanted)
        if letter is None:
            raise NotFound(f"dead letter {wanted}")
        return letter

    def page(self, after: str, limit: int | None) -> list[DeadLetter]:
        """Return up to ``limit`` letters after letter ``after``, in the order of the log."""
        start = self._ids.bisect_right(position_of(after)) if after else 0
        stop = None if limit is None else start + limit
        return [self.get(self._ids[position]) for position in self._ids.islice(start, stop)]

    def retrying(self) -> list[OpenLetter]:
        """Return the letters that are tried again by themselves, in the order of the log."""
        return sorted(
            (it for it in self._open.values() if it.letter.status == "retrying"),
            key=lambda it: it.position,
        )

    def oldest(self) -> int | None:
        """Return the oldest sequence that an open letter needs of the log, or None."""
        return min((it.position[0] for it in self._open.values()), default=None)

    def open(self, position: Position, change: Change, error: FoldError) -> OpenLetter:
        """Open the letter of a change that failed, or take up again that of an earlier process."""
        wanted = letter_id(position)
        before = self._others.pop(wanted, None)
        if before is not None and before.status == "dead":
            letter = replace(before, error=str(error))
        else:
            letter = DeadLetter(
                wanted, position[0], change.store_id, change.sku, "retrying", 1, str(error),
                self._now(),
            )  # fmt: skip
        opened = OpenLetter(letter, position, Parked())
        self._open[wanted] = self._open_by_sku[change.sku] = opened
        self._ids[position] = wanted
        self.opened += 1
        self._judge(opened)
        return opened

    def failed_again(self, opened: OpenLetter, error: FoldError) -> None:
        """Count one more attempt at an open letter; it may be the last."""
        letter = opened.letter
        opened.letter = replace(letter, attempts=letter.attempts + 1, error=str(error))
        if letter.status == "dead":
            self._unwritten.append(opened.letter)
        self._judge(opened)

    def close(self, opened: OpenLetter) -> None:
        """Let an open letter stop its SKU no longer: its change is folded."""
        self._forget(opened)
        opened.letter = self._redriven(opened.letter)

    def came_through(self, position: Position) -> None:
        """Close the letter that an earlier process left dead, if the change had one: it folds."""
        letter = self._others.get(letter_id(position))
        if letter is not None and letter.status == "dead":
            self._redriven(letter)

    def is_discarded(self, position: Position) -> bool:
        """Tell whether somebody gave this change up."""
        letter = self._others.get(letter_id(position))
        return letter is not None and letter.status == "discarded"

    def discard(self, wanted: str, reason: str) -> None:
        """Give a letter up, durably. Raises ``OSError``; then it is as it was."""
        letter = replace(self.get(wanted), status="discarded", reason=reason, parked=0)
        self._decisions.append([*self._unwritten, letter])
        self._unwritten.clear()
        opened = self._open.get(wanted)
        if opened is not None:
            self._forget(opened)
            opened.letter = letter
        self._others[wanted] = letter

    def write(self) -> None:
        """Make durable what was decided. Raises ``OSError``; then the next call tries again."""
        if self._unwritten:
            self._decisions.append(self._unwritten)
            self._unwritten.clear()

    def _judge(self, opened: OpenLetter) -> None:
        letter = opened.letter
        if letter.status == "retrying" and letter.attempts >= self._tries:
            opened.letter = replace(letter, status="dead")
            self._unwritten.append(opened.letter)

    def _forget(self, opened: OpenLetter) -> None:
        del self._open[opened.letter.id]
        del self._open_by_sku[opened.letter.sku]

    def _redriven(self, letter: DeadLetter) -> DeadLetter:
        self._others[letter.id] = closed = replace(letter, status="redriven")
        self._unwritten.append(closed)
        return closed
