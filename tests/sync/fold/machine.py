"""Good and bad changes in any order, with retries, decisions and restarts between them.

The oracle is short: a level is what the last of its changes says that nobody discarded. It needs
no letters, no parking and no versions to know that.
"""

from collections.abc import Iterable
from typing import ClassVar, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from surestock.inventory.central import DeadLetter
from surestock.inventory.model import Level, StockKey
from surestock.sync.view import CentralView
from tests.sync.fold.paper import Desk, Spoil, garbled, good, impossible, jumped, storeless

SKUS = ["apple", "rice", "tea"]
STORES = ["east", "west"]
Change: TypeAlias = tuple[int, str, str]
"""A change as the gate knows it: sequence, store, SKU."""

_changes = st.lists(
    st.tuples(
        st.sampled_from(SKUS),
        st.sampled_from(STORES),
        st.sampled_from([good] * 20 + [garbled, storeless, impossible, jumped]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda change: change[:2],
)


class Tally:
    """How much was tried, over all examples of a run."""

    def __init__(self) -> None:
        self.changes = self.letters = self.redriven = self.discarded = self.restarts = 0

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in vars(self).items())


class FoldMachine(RuleBasedStateMachine):
    """``made`` is the view under attack."""

    made: ClassVar[type[CentralView]] = CentralView
    tally: ClassVar[Tally] = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(self.made, tries=2)
        self.seeded = self.applied_before = 0
        self.seed_levels: dict[StockKey, Level] = {}
        self.truths = [dict[StockKey, Level]()]

    # --- what happens ---------------------------------------------------------------------------

    @rule(records=st.lists(_changes, min_size=1, max_size=3), poisoned=st.integers(0, 2))
    def commit(self, records: list[list[tuple[str, str, Spoil]]], poisoned: int) -> None:
        log, first = self.desk.log, self.desk.log.sequence + 1
        for record in records:
            log.add(*record)
            self.truths.append(dict(log.truth))
            self.tally.changes += len(record)
        if poisoned == 0:
            sku, store, _ = records[-1][-1]
            self.desk.gate.poisoned.add((log.sequence, store, sku))
        assert self.desk.view.apply(log.commit(first)) == len(records)

    @rule()
    def offer_everything_again(self) -> None:
        assert self.desk.view.apply(self.desk.log.commit()) == 0

    def heal(self) -> None:
        self.desk.gate.poisoned.clear()

    @rule()
    def retry(self) -> None:
        self.desk.view.retry()

    @rule(pick=st.integers(0, 9), heal=st.booleans())
    def redrive(self, pick: int, heal: bool) -> None:  # noqa: FBT001 - drawn by name
        if heal:
            self.heal()
        letter = self._pick(pick)
        if letter is not None:
            after = self.desk.view.redrive(letter.id)
            self.tally.redriven += after.status == "redriven" != letter.status
            assert after == letter if letter.status in ("redriven", "discarded") else True

    @rule(pick=st.integers(0, 9))
    def discard(self, pick: int) -> None:
        letter = self._pick(pick)
        if letter is not None:
            closed = letter.status in ("redriven", "discarded")
            after = self.desk.view.discard(letter.id, "given up")
            assert after == letter if closed else after.status == "discarded"
            self.tally.discarded += not closed

    @precondition(lambda self: self.desk.log.sequence > self.applied_before + 4)
    @rule(back=st.integers(0, 60))
    def restart(self, back: int) -> None:
        """Begin anew, mostly without a snapshot, else with one that is ``back`` records old."""
        before = {letter.id: letter for letter in self.desk.view.letters()}
        sequence = max(self.desk.log.sequence - back, 0)
        self.desk.restart()
        self.seeded, self.seed_levels = sequence, self.truths[sequence]
        self.desk.view.seed(sequence, self.seed_levels.values())
        self.desk.view.apply(self.desk.log.commit())
        self.tally.restarts += 1
        self.applied_before = self.desk.log.sequence
        self._remembers(before.values())

    # --- what holds -----------------------------------------------------------------------------

    @invariant()
    def everything_is_in_the_view_or_parked(self) -> None:
        view, log = self.desk.view, self.desk.log
        assert view.applied_sequence == log.sequence
        stopped = {it.sku: it for it in view.letters() if self._is_open(it)}
        assert view.open_letters == len(stopped)
        assert view.oldest_parked == min((it.sequence for it in stopped.values()), default=None)
        for sku in SKUS:
            if sku in stopped:
                assert self.desk.is_diverged(sku)
                waiting = self._changes_of(sku, after=self._position(stopped[sku]))
                assert stopped[sku].parked == len(waiting)
            else:
                self._agrees(sku)

    @invariant()
    def no_change_is_folded_twice(self) -> None:
        assert set(self.desk.gate.passed.values()) <= {1}

    def teardown(self) -> None:
        """Decide about every letter that is left: then the view is the log."""
        self.desk.gate.poisoned.clear()
        while self.desk.view.open_letters:
            self.tally.letters += self.desk.view.open_letters
            for letter in self.desk.view.letters():
                if self._is_open(letter) and self.desk.view.redrive(letter.id).status != "redriven":
                    self.desk.view.discard(letter.id, "bad for good")
        for sku in SKUS:
            self._agrees(sku)

    # --- the oracle -----------------------------------------------------------------------------

    def _agrees(self, sku: str) -> None:
        """Compare a SKU that no letter stops with what the log says of it."""
        stock = self.desk.view.find(sku)
        levels: dict[str, object] = {}
        for (store, known), level in self.seed_levels.items():
            if known == sku:
                levels[store] = (level.on_hand, level.reserved, level.version)
        stale = set()
        for sequence, index, store in self._changes_of(sku, after=(self.seeded, 99)):
            told = self.desk.log.level(sequence, index)
            if self._is_discarded(sequence, index):
                stale.add(store if told["storeId"] == store else "some store")
            else:
                levels[store] = (told["onHand"], told["reserved"], told["version"])
                stale.discard(store)
                assert self.desk.gate.passed[sequence, store, sku] == 1
        if stock is None:
            assert not levels
            assert not stale
            return
        shown = {it.store_id: (it.on_hand, it.reserved, it.version) for it in stock.levels}
        assert shown == levels
        assert stock.diverged == bool(stale)

    def _changes_of(self, sku: str, after: tuple[int, int]) -> list[tuple[int, int, str]]:
        return [
            (sequence, index, store)
            for sequence, keys in enumerate(self.desk.log.touched, start=1)
            for index, (store, known) in enumerate(keys)
            if known == sku and (sequence, index) > after
        ]

    def _remembers(self, before: Iterable[DeadLetter]) -> None:
        """Compare the letters before a restart with those after it."""
        after = {letter.id: letter for letter in self.desk.view.letters()}
        for letter in before:
            if letter.status == "discarded":
                assert after[letter.id] == letter
            elif letter.status == "dead":
                again = after[letter.id]
                assert again.status in ("dead", "redriven")
                assert (again.failed_at, again.attempts) == (letter.failed_at, letter.attempts)
                assert again.status == "redriven" or letter.sequence > self.seeded

    def _is_open(self, letter: DeadLetter) -> bool:
        """Tell whether a letter stops its SKU; one from before may not have come up again yet."""
        if letter.status not in ("retrying", "dead"):
            return False
        position = self._position(letter)
        return not any(
            other.sku == letter.sku
            and other.status in ("retrying", "dead")
            and self._position(other) < position
            for other in self.desk.view.letters()
        )

    def _is_discarded(self, sequence: int, index: int) -> bool:
        wanted = f"{sequence}.{index}"
        return any(it.id == wanted and it.status == "discarded" for it in self.desk.view.letters())

    def _pick(self, number: int) -> DeadLetter | None:
        """Return any letter, mostly one that stops its SKU."""
        letters = self.desk.view.letters()
        if number:
            letters = [letter for letter in letters if self._is_open(letter)]
        return letters[number % len(letters)] if letters else None

    @staticmethod
    def _position(letter: DeadLetter) -> tuple[int, int]:
        return letter.sequence, int(letter.id.split(".")[1])
