"""How long to wait between tries: longer and longer, within a limit, for however long it takes."""

import pytest

from surestock.resilience.backoff import waits


def test_the_bound_doubles_up_to_the_limit() -> None:
    assert list(waits(5, 0.1, 0.5, lambda: 1.0)) == [0.1, 0.2, 0.4, 0.5, 0.5]


def test_a_limit_below_the_first_bound_holds_from_the_beginning() -> None:
    assert list(waits(2, 3.0, 2.0, lambda: 0.5)) == [1.0, 1.0]


def test_no_wait_is_too_many() -> None:
    """A doubling that is counted on is no float any more after some thousand tries."""
    *_, last = waits(5_000, 0.01, 0.25, lambda: 1.0)
    assert last == 0.25


def test_each_wait_is_drawn_anew() -> None:
    drawn = list(waits(50, 1.0, 1.0))
    assert len(set(drawn)) > 1
    assert all(0 <= it < 1 for it in drawn)


@pytest.mark.parametrize("times", [0, 3])
def test_there_are_as_many_as_asked_for(times: int) -> None:
    assert len(list(waits(times, 0.1))) == times
