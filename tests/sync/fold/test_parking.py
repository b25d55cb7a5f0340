"""Changes wait in the order in which they came, in little memory, however many they are."""

from collections import deque
from random import Random
from sys import getsizeof

from surestock.sync.parking import Parked


def test_positions_come_out_as_they_went_in_with_more_coming_meanwhile() -> None:
    chance = Random(3)
    parked, expected = Parked(), deque[tuple[int, int]]()
    for step in range(60_000):
        # First it grows, then it shrinks: what was taken is forgotten on the way.
        if chance.random() < (0.8 if step < 30_000 else 0.2):
            parked.add(step, step % 7)
            expected.append((step, step % 7))
        elif expected:
            assert parked.take() == expected.popleft()
        assert len(parked) == len(expected)
    assert [parked.take() for _ in range(len(parked))] == list(expected)


def test_a_million_waiting_changes_need_less_than_twenty_megabytes() -> None:
    parked = Parked()
    for sequence in range(1_000_000):
        parked.add(sequence, 0)
    assert getsizeof(parked._numbers) < 20_000_000  # noqa: SLF001 - nothing else tells


def test_what_was_taken_is_forgotten() -> None:
    parked = Parked()
    for sequence in range(100_000):
        parked.add(sequence, 0)
        parked.take()
    assert getsizeof(parked._numbers) < 200_000  # noqa: SLF001 - nothing else tells
