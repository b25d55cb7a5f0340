"""The checker is checked first: histories whose verdict is known, and a search by brute force."""

import itertools
import random

from tests.proof.level_specification import LevelRequest, LevelSpecification, LevelState, Verb
from tests.proof.linearizability import Call, Search

LevelCall = Call[LevelRequest, tuple[str, int, int, int]]
START: LevelState = (10, 0, 1)


def call(
    verb: Verb,
    times: tuple[int, int],
    result: tuple[str, int, int, int] | None,
    amount: int = 0,
    expected: int | None = None,
) -> LevelCall:
    request = LevelRequest(verb, amount, expected)
    return Call(request, times[0], times[1], result)


def is_linearizable(*calls: LevelCall) -> bool:
    return Search(calls, LevelSpecification()).find_order(START)


def test_no_calls_are_linearizable() -> None:
    assert is_linearizable()


def test_overlapping_calls_may_be_ordered_by_their_answers() -> None:
    assert is_linearizable(
        call("adjust", (0, 9), ("done", 12, 0, 3), amount=1),
        call("adjust", (1, 8), ("done", 11, 0, 2), amount=1),
    )


def test_a_lost_update_is_not_linearizable() -> None:
    assert not is_linearizable(
        call("adjust", (0, 9), ("done", 11, 0, 2), amount=1),
        call("adjust", (1, 8), ("done", 11, 0, 2), amount=1),
    )


def test_a_read_that_is_older_than_an_answered_write_is_not_linearizable() -> None:
    assert not is_linearizable(
        call("adjust", (0, 1), ("done", 11, 0, 2), amount=1),
        call("read", (2, 3), ("done", 10, 0, 1)),
    )


def test_a_read_may_see_either_side_of_a_write_that_overlaps_it() -> None:
    write = call("adjust", (0, 9), ("done", 11, 0, 2), amount=1)
    assert is_linearizable(write, call("read", (1, 2), ("done", 10, 0, 1)))
    assert is_linearizable(write, call("read", (1, 2), ("done", 11, 0, 2)))


def test_reads_that_go_back_in_time_are_not_linearizable() -> None:
    assert not is_linearizable(
        call("adjust", (0, 9), ("done", 11, 0, 2), amount=1),
        call("read", (1, 2), ("done", 11, 0, 2)),
        call("read", (3, 4), ("done", 10, 0, 1)),
    )


def test_an_unanswered_write_may_have_happened_or_not() -> None:
    write = call("adjust", (0, 1), None, amount=1)
    assert is_linearizable(write, call("read", (50, 51), ("done", 10, 0, 1)))
    assert is_linearizable(write, call("read", (50, 51), ("done", 11, 0, 2)))


def test_an_unanswered_write_may_happen_late_but_not_twice() -> None:
    write = call("adjust", (0, 1), None, amount=1)
    old = call("read", (50, 51), ("done", 10, 0, 1))
    assert is_linearizable(write, old, call("read", (60, 61), ("done", 11, 0, 2)))
    assert not is_linearizable(write, old, call("read", (60, 61), ("done", 12, 0, 3)))


def test_an_unanswered_write_never_happens_before_it_was_sent() -> None:
    assert not is_linearizable(
        call("read", (0, 1), ("done", 11, 0, 2)), call("adjust", (5, 6), None, amount=1)
    )


def test_a_read_of_a_change_that_is_gone_after_a_crash_is_not_linearizable() -> None:
    assert not is_linearizable(
        call("adjust", (0, 1), None, amount=1),
        call("read", (2, 3), ("done", 11, 0, 2)),
        call("read", (10, 11), ("done", 10, 0, 1)),
    )


def test_two_winners_of_one_version_are_not_linearizable() -> None:
    first = call("adjust", (0, 9), ("done", 11, 0, 2), amount=1, expected=1)
    loser = call("count", (1, 8), ("VersionConflict", 0, 0, 2), amount=5, expected=1)
    assert is_linearizable(first, loser)
    winner = call("count", (1, 8), ("done", 5, 0, 3), amount=5, expected=1)
    assert not is_linearizable(first, winner)


def _permutation_exists(calls: list[LevelCall]) -> bool:
    """The definition, by trying every order."""
    specification = LevelSpecification()
    for order in itertools.permutations(calls):
        state = START
        for place, each in enumerate(order):
            if any(later.returned < each.invoked for later in order[place + 1 :]):
                break
            result, state = specification.step(state, each.request)
            if result != each.result:
                break
        else:
            return True
    return False


def _history(seed: int) -> list[LevelCall]:
    """Five calls whose answers are right in one order, but for a few, and whose times overlap."""
    dice = random.Random(seed)
    specification, state, calls = LevelSpecification(), START, []
    verbs: tuple[Verb, ...] = ("adjust", "reserve", "count", "read")
    for number in range(5):
        request = LevelRequest(
            dice.choice(verbs), dice.randint(1, 6), dice.choice((None, None, 1, 2))
        )
        result, state = specification.step(state, request)
        if dice.random() < 0.15:
            result = (*result[:3], result[3] + dice.choice((-1, 1)))
        begin = number * 4 + dice.randint(-6, 0)
        calls.append(Call(request, begin, begin + dice.randint(1, 14), result))
    return calls


def test_the_search_agrees_with_trying_every_order() -> None:
    verdicts = []
    for seed in range(1_000):
        calls = _history(seed)
        verdicts.append(is_linearizable(*calls))
        assert verdicts[-1] == _permutation_exists(calls), f"seed {seed}"
    assert 200 < sum(verdicts) < 800
