"""The timers find every reservation that is due, at a cost that does not grow with the others."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from surestock.engine import timers as timers_module
from surestock.engine.timers import Timers
from surestock.inventory.model import Line, Reservation, StockKey
from surestock.kit.clock import ManualClock

TEA: StockKey = ("east", "tea")
RICE: StockKey = ("west", "rice")


class Watched:
    """Reservations, timers over them, and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.held: dict[str, Reservation] = {}
        self.timers = Timers(self.held.get)

    def hold(self, name: str, ttl_s: float | None, *keys: StockKey) -> None:
        ends = None if ttl_s is None else self.clock.now() + timedelta(seconds=ttl_s)
        lines = tuple(Line(*key, 1) for key in keys or (TEA,))
        self.held[name] = Reservation(name, lines, "active", ends)
        self.timers.add(self.held[name])

    def end(self, name: str) -> None:
        self.held[name] = replace(self.held[name], status="released")
        self.timers.drop(self.held[name])

    def due(self, key: StockKey = TEA) -> list[str]:
        """Return what is really due among the candidates."""
        now = self.clock.now()
        return sorted(
            name for name in self.timers.candidates(key, now) if self.held[name].is_due(now)
        )


def test_a_reservation_is_found_from_the_moment_its_time_is_over() -> None:
    watched = Watched()
    watched.hold("a", 60)
    watched.clock.advance(59.999999)
    assert watched.due() == []
    watched.clock.advance(0.000001)
    assert watched.due() == ["a"]
    assert watched.due(RICE) == []


def test_a_due_reservation_stays_found_until_its_end_is_recorded() -> None:
    watched = Watched()
    watched.hold("a", 60)
    watched.hold("b", 60)
    watched.clock.advance(60)
    assert watched.due() == watched.due() == ["a", "b"]
    watched.end("a")
    assert watched.due() == ["b"]


def test_a_reservation_is_found_on_each_of_its_levels_and_leaves_all_at_once() -> None:
    watched = Watched()
    watched.hold("a", 60, TEA, RICE)
    watched.clock.advance(60)
    assert (watched.due(TEA), watched.due(RICE)) == (["a"], ["a"])
    assert sorted(watched.timers.due_keys(watched.clock.now())) == [TEA, RICE]
    watched.end("a")
    assert watched.timers.due_keys(watched.clock.now()) == []


def test_what_never_expires_is_not_watched() -> None:
    watched = Watched()
    watched.hold("a", None)
    assert len(watched.timers) == 0
    watched.end("a")
    watched.clock.advance(1e9)
    assert watched.due() == []


def test_what_has_ended_is_not_watched() -> None:
    watched = Watched()
    watched.hold("a", 60)
    ended = replace(watched.held["a"], reservation_id="b", status="committed")
    watched.timers.add(ended)
    assert len(watched.timers) == 1


def test_an_extended_reservation_is_found_at_its_new_time_only() -> None:
    watched = Watched()
    watched.hold("a", 60)
    watched.hold("a", 90)
    watched.clock.advance(60)
    assert watched.due() == []
    watched.clock.advance(30)
    assert watched.due() == ["a"]


def test_many_can_be_watched_at_once_as_after_recovery() -> None:
    one_by_one, at_once = Watched(), Watched()
    for n in range(50):
        one_by_one.hold(f"r{n}", (n * 7) % 50)
    at_once.held.update(one_by_one.held)
    at_once.timers.add_all(one_by_one.held.values())
    for watched in (one_by_one, at_once):
        watched.clock.advance(25)
    assert at_once.due() == one_by_one.due()
    assert len(at_once.due()) == 26


def test_entries_that_were_outlived_do_not_pile_up() -> None:
    watched = Watched()
    watched.hold("kept", 10_000)
    for n in range(20_000):
        watched.hold(f"r{n}", 5_000)
        watched.end(f"r{n}")
    assert len(watched.timers) <= 2 * timers_module._SWEEP_AT_LEAST  # noqa: SLF001 - its bound
    watched.clock.advance(10_000)
    assert watched.due() == ["kept"]


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hold", "end", "wait"]),
            st.sampled_from("abcdef"),
            st.integers(0, 9),
            st.sampled_from([(TEA,), (RICE,), (TEA, RICE)]),
        ),
        max_size=60,
    )
)
def test_the_timers_find_exactly_what_looking_at_everything_finds(
    steps: list[tuple[str, str, int, tuple[StockKey, ...]]],
) -> None:
    watched = Watched()
    names = dict.fromkeys("abcdef", 0)
    for what, letter, number, keys in steps:
        name = f"{letter}{names[letter]}"
        known = watched.held.get(name)
        if what == "hold" and known is None:
            watched.hold(name, number or None, *keys)
        elif what == "hold" and known is not None and not known.is_due(watched.clock.now()):
            watched.hold(name, number + 1, *(line.key for line in known.lines))
        elif what == "end" and known is not None:
            watched.end(name)
            names[letter] += 1
        elif what == "wait":
            watched.clock.advance(number)
        now = watched.clock.now()
        for key in (TEA, RICE):
            really = sorted(
                name
                for name, held in watched.held.items()
                if held.is_due(now) and any(line.key == key for line in held.lines)
            )
            assert watched.due(key) == really
            assert (key in watched.timers.due_keys(now)) == bool(really)
