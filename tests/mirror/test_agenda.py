"""Who is due when: each once, in time, and once more if it was under way."""

import math
import sys

from hypothesis import given
from hypothesis import strategies as st

from surestock.mirror.agenda import Agenda


def test_a_change_is_due_after_the_delay_and_changes_until_then_are_one() -> None:
    agenda = Agenda(1.0)
    assert agenda.next_at() == math.inf
    assert agenda.changed("U", 10.0)
    assert not agenda.changed("U", 10.9)
    assert not agenda.changed("V", 10.5)
    assert agenda.next_at() == 11.0
    assert agenda.try_take(10.9) is None
    assert [agenda.try_take(11.0), agenda.try_take(11.0)] == ["U", None]
    assert agenda.try_take(11.5) == "V"
    assert len(agenda) == 0


def test_who_changes_while_under_way_comes_once_more_when_that_has_ended() -> None:
    agenda = Agenda(1.0)
    agenda.changed("U", 0.0)
    assert agenda.try_take(1.0) == "U"
    agenda.changed("U", 1.5)
    agenda.changed("U", 1.7)
    assert agenda.try_take(9.0) is None
    assert not agenda.changed("U", 9.0)
    agenda.ended("U", 10.0, again_at=500.0)
    assert [agenda.try_take(10.0), agenda.try_take(10.0)] == ["U", None]
    agenda.ended("U", 11.0, again_at=None)
    assert agenda.next_at() == math.inf


def test_a_change_takes_the_place_of_a_later_time() -> None:
    agenda = Agenda(1.0)
    agenda.later("U", 300.0)
    agenda.changed("U", 5.0)
    assert agenda.try_take(6.0) == "U"
    agenda.ended("U", 7.0, None)
    assert agenda.try_take(1_000.0) is None


def test_those_who_were_given_up_are_due_at_once() -> None:
    agenda = Agenda(1.0)
    for user in "UV":
        agenda.later(user, 0.0)
        assert agenda.try_take(0.0) == user
    agenda.nobody_under_way(5.0)
    assert {agenda.try_take(5.0), agenda.try_take(5.0)} == {"U", "V"}


steps = st.lists(
    st.tuples(st.sampled_from(["changed", "later", "take", "end"]), st.sampled_from("UVW")),
    max_size=60,
)


@given(steps)
def test_nobody_who_is_due_is_forgotten_and_nobody_is_under_way_twice(
    plan: list[tuple[str, str]],
) -> None:
    agenda = Agenda(1.0)
    owed: set[str] = set()
    under_way: set[str] = set()
    for at, (what, user) in enumerate(plan):
        now = float(at)
        if what == "changed":
            agenda.changed(user, now)
            owed.add(user)
        elif what == "later":
            agenda.later(user, now + 2)
            owed.add(user)
        elif what == "take":
            taken = agenda.try_take(now)
            if taken is not None:
                assert taken not in under_way
                under_way.add(taken)
                owed.discard(taken)
        elif user in under_way:
            under_way.discard(user)
            agenda.ended(user, now, None)
    for user in under_way:
        agenda.ended(user, 100.0, None)
    assert (agenda.next_at() < math.inf) is bool(len(agenda))
    while (taken := agenda.try_take(200.0)) is not None:
        owed.discard(taken)
        agenda.ended(taken, 200.0, None)
    assert owed == set()
    assert len(agenda) == 0


def test_times_that_were_replaced_take_no_memory_behind_one_that_stays() -> None:
    agenda = Agenda(1.0)
    agenda.later("patient", 299.0)
    for second in range(250):
        for user in range(10):
            agenda.changed(f"U{user}", second)
        while user_id := agenda.try_take(second + 1.0):
            agenda.ended(user_id, second + 1.0, again_at=second + 300.0)
    assert len(agenda) == 11
    assert sys.getsizeof(agenda._heap) < 1_000  # noqa: SLF001 - what must not grow
    assert agenda.next_at() == 299.0
