"""Any sequence of commands, alone or at once, any time in between: engine and reference agree.

In a burst each command is decided on what the one before it decided, durable or not: on the log
engine, bursts go through the pending overlay.
"""

from typing import TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.inventory.model import Line, StockKey
from surestock.inventory.refusals import LinesRefused
from surestock.ledger.port import Outcome
from tests.engine.reference import OK
from tests.engine.twin import KEYS, Twin, named, reservation_of

Small: TypeAlias = tuple[str, StockKey, int, int | None, int | None]
Answered: TypeAlias = tuple[Command, IdempotencyKey, Outcome]

keys = st.sampled_from(KEYS)
units = st.integers(1, 5)
ttls = st.none() | st.integers(1, 8)
lines = st.dictionaries(keys, units, min_size=1)
# How far beside the truth the version is that a client names; None names none.
beliefs = st.sampled_from([None, None, None, 0, 0, 0, -1, 1])
bursts = st.lists(
    st.tuples(st.sampled_from(["count", "adjust", "reserve"]), keys, units, ttls, beliefs),
    min_size=2,
    max_size=6,
)


class EngineMachine(Twin):
    held = Bundle("held")
    answered = Bundle("answered")

    @initialize(on_hand=st.lists(st.integers(0, 25), min_size=1, max_size=len(KEYS)))
    def opens_with_some_stock(self, on_hand: list[int]) -> None:
        for key, units_there in zip(KEYS, on_hand, strict=False):
            self.count(key, units_there, None)

    def believed(self, key: StockKey, belief: int | None) -> int | None:
        return None if belief is None else self.reference.version.get(key, 1) + belief

    @rule(key=keys, on_hand=st.integers(0, 12), belief=beliefs)
    def count(self, key: StockKey, on_hand: int, belief: int | None) -> None:
        expected = self.believed(key, belief)
        answer = self.send(CountStock(*key, on_hand, expected_version=expected))
        assert named(answer) == self.reference.count(key, on_hand, expected)

    @rule(target=answered, key=keys, delta=st.integers(-6, 8), belief=beliefs, name=st.uuids())
    def adjust(
        self, key: StockKey, delta: int, belief: int | None, name: object
    ) -> MultipleResults[Answered]:
        expected = self.believed(key, belief)
        command = AdjustStock(*key, delta, expected_version=expected)
        idempotency = make_key("ann", "POST", "/path", str(name), fingerprint_of(command))
        answer = self.send(command, idempotency)
        assert named(answer) == self.reference.adjust(key, delta, expected)
        if isinstance(answer, Outcome):
            return multiple((command, idempotency, answer))
        return multiple()

    @rule(first=answered)
    def repeat(self, first: Answered) -> None:
        command, idempotency, outcome = first
        again = self.send(command, idempotency)
        assert isinstance(again, Outcome)
        assert bytes(again.reply.body) == bytes(outcome.reply.body)
        assert (again.sequence, again.replayed) == (outcome.sequence, True)

    @rule(target=held, wanted=lines, ttl_s=ttls, belief=beliefs)
    def reserve_lines(
        self, wanted: dict[StockKey, int], ttl_s: int | None, belief: int | None
    ) -> MultipleResults[str]:
        expected = {key: self.believed(key, belief) for key in wanted}
        faults = self.reference.faults(wanted, expected)
        each = (ExpectedLine(Line(*key, qty), expected[key]) for key, qty in wanted.items())
        answer = self.send(MakeReservation(tuple(each), ttl_s))
        if isinstance(answer, LinesRefused):
            assert {it.line.key: named(it.cause) for it in answer.faults} == faults
            return multiple()
        assert faults == {}
        self.reference.hold(wanted, ttl_s, reservation_of(answer))
        return multiple(reservation_of(answer))

    @rule(name=held, part=st.none() | lines)
    def commit(self, name: str, part: dict[StockKey, int] | None) -> None:
        wanted = None if part is None else tuple(Line(*key, qty) for key, qty in part.items())
        answer = self.send(CommitReservation(name, wanted))
        assert named(answer) == self.reference.commit(name, part)

    @rule(name=held)
    def release(self, name: str) -> None:
        assert named(self.send(ReleaseReservation(name))) == self.reference.release(name)

    @rule(name=held, ttl_s=st.integers(1, 8))
    def extend(self, name: str, ttl_s: int) -> None:
        answer = self.send(ExtendReservation(name, ttl_s))
        assert named(answer) == self.reference.extend(name, ttl_s)

    @rule(target=held, burst=bursts)
    def many_at_once(self, burst: list[Small]) -> MultipleResults[str]:
        expected = [self.believed(key, belief) for _, key, _, _, belief in burst]
        commands = [
            _command(small, version) for small, version in zip(burst, expected, strict=True)
        ]
        made: list[str] = []
        answers = self.send_at_once(commands)
        for small, version, answer in zip(burst, expected, answers, strict=True):
            assert named(answer) == self._say(small, version, reservation_of(answer))
            if small[0] == "reserve" and named(answer) == OK:
                made.append(reservation_of(answer))
        return multiple(*made)

    def _say(self, small: Small, expected: int | None, name: str) -> str:
        kind, key, qty, ttl_s, _ = small
        if kind == "count":
            return self.reference.count(key, qty, expected)
        if kind == "adjust":
            return self.reference.adjust(key, -qty, expected)
        return self.reference.reserve(key, qty, ttl_s, name, expected)

    @rule(seconds=st.sampled_from([0.5, 1, 2, 5]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.reference.now += seconds

    @rule()
    def sweeper_comes_by(self) -> None:
        self.sweep()

    @precondition(lambda self: self.durable)
    @rule()
    def engine_starts_again(self) -> None:
        self.stop()
        self.start()

    @invariant()
    def both_say_the_same(self) -> None:
        self.compare()


def _command(small: Small, expected: int | None) -> Command:
    kind, key, qty, ttl_s, _ = small
    if kind == "count":
        return CountStock(*key, qty, expected_version=expected)
    if kind == "adjust":
        return AdjustStock(*key, -qty, expected_version=expected)
    return ReserveStock(*key, qty, expected, ttl_s)
