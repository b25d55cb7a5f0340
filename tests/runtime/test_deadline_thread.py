"""A deadline is kept by a thread of its own, and counts from the word to end."""

import threading

import pytest

from surestock.kit.clock import ManualClock
from surestock.runtime.deadline import Deadline


def test_a_deadline_counts_from_its_begin() -> None:
    clock = ManualClock()
    deadline = Deadline(1000.0, clock.monotonic, lambda: None, lambda _: None)
    clock.advance(5)
    assert deadline.left_s(0.5) == 500
    deadline.begin()
    clock.advance(400)
    deadline.begin()
    assert (deadline.left_s(0.5), deadline.left_s()) == (100, 600)
    clock.advance(400)
    assert (deadline.left_s(0.5), deadline.left_s()) == (0, 200)


def test_a_deadline_is_kept_without_the_event_loop() -> None:
    gone = threading.Event()
    happened: list[object] = []

    def leave(code: int) -> None:
        happened.append(code)
        gone.set()

    Deadline(0.01, ManualClock().monotonic, lambda: happened.append("said"), leave).begin()
    assert gone.wait(30)
    assert happened == ["said", 1]


def test_last_words_that_fail_do_not_keep_the_process() -> None:
    def fail() -> None:
        raise OSError("nobody reads it")

    codes: list[int] = []
    with pytest.raises(OSError, match="nobody reads it"):
        Deadline(1000.0, ManualClock().monotonic, fail, codes.append).enforce()
    assert codes == [1]
