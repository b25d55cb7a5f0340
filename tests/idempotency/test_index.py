"""The index finds the record that answered a key for the whole TTL, and forgets it afterwards."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from surestock.idempotency import KeyIndex, make_key
from surestock.kit.clock import ManualClock

TTL = timedelta(hours=24)


def digest(n: int) -> str:
    return make_key("ann", "POST", "/p", f"k{n}", "f").digest


def test_a_key_that_was_answered_is_found_and_no_other() -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    index.add(digest(1), 41, clock.now())
    index.add(digest(2), 42, clock.now())
    assert (index.find(digest(1)), index.find(digest(2)), index.find(digest(3))) == (41, 42, None)
    assert len(index) == 2


def test_the_first_record_of_a_batch_key_stands() -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    index.add(digest(1), 41, clock.now())
    index.add(digest(1), 42, clock.now())
    assert index.find(digest(1)) == 41
    assert len(index) == 1


def test_an_answer_is_live_until_the_ttl_is_over() -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    then = clock.now()
    clock.advance(TTL.total_seconds() - 0.000001)
    assert index.is_live(then, clock.now())
    clock.advance(0.000001)
    assert not index.is_live(then, clock.now())


def test_a_key_that_is_used_again_after_its_ttl_points_to_the_new_record() -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    index.add(digest(1), 41, clock.now())
    clock.advance(TTL.total_seconds())
    index.add(digest(1), 99, clock.now())
    assert index.find(digest(1)) == 99


def test_memory_is_bounded_by_the_keys_of_little_more_than_one_ttl() -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    largest = 0
    for hour in range(24 * 30):
        index.add(digest(hour), hour + 1, clock.now())
        largest = max(largest, len(index))
        clock.advance(3600)
    assert 24 <= largest <= 24 + 24 // 8 + 1


def test_an_empty_index_finds_nothing() -> None:
    assert KeyIndex(TTL).find(digest(1)) is None
    assert len(KeyIndex(TTL)) == 0


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3 * 24 * 3600)), max_size=40))
def test_no_key_is_forgotten_within_its_ttl(steps: list[tuple[int, int]]) -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    answered: dict[int, tuple[int, float]] = {}
    for sequence, (name, seconds) in enumerate(steps, 1):
        clock.advance(seconds)
        known = answered.get(name)
        if known is None or clock.monotonic() - known[1] >= TTL.total_seconds():
            index.add(digest(name), sequence, clock.now())
            answered[name] = (sequence, clock.monotonic())
        for each, (record, at) in answered.items():
            if clock.monotonic() - at < TTL.total_seconds():
                assert index.find(digest(each)) == record


def test_an_answer_whose_time_is_over_can_be_forgotten_and_a_newer_one_stays() -> None:
    clock, index = ManualClock(), KeyIndex(TTL)
    index.add(digest(1), 41, clock.now())
    clock.advance(TTL.total_seconds())
    index.add(digest(1), 99, clock.now())
    index.forget(digest(1), 41)
    assert (index.find(digest(1)), len(index)) == (99, 1)
    index.forget(digest(1), 99)
    assert (index.find(digest(1)), len(index)) == (None, 0)
    index.forget(digest(2), 1)


def test_what_an_index_on_disk_has_is_let_go_of_and_nothing_else() -> None:
    index = KeyIndex(timedelta(hours=24))
    clock = ManualClock()
    for segment in range(5):
        index.cut(10 * segment + 1)
        for number in range(10 * segment + 2, 10 * segment + 9):
            index.add(digest(number), number, clock.now())
    index.forget_through(19)
    assert (index.find(digest(8)), index.find(digest(12))) == (None, 12), "half a segment"
    index.forget_through(30)
    assert [n for n in range(50) if index.find(digest(n))] == [*range(32, 39), *range(42, 49)]
    index.forget_through(50)
    assert len(index) == 0
    index.add(digest(51), 51, clock.now())
    assert index.find(digest(51)) == 51


def test_when_nobody_lets_go_of_segments_a_lookup_still_asks_few_generations() -> None:
    index = KeyIndex(timedelta(hours=24))
    clock = ManualClock()
    for segment in range(1000):
        index.cut(segment)
        index.add(digest(segment), segment, clock.now())
    assert len(index._generations) < 50  # noqa: SLF001 - what a lookup costs
    assert all(index.find(digest(segment)) == segment for segment in range(1000))
    index.forget_through(500)
    assert index.find(digest(501)) == 501
    index.forget_through(999)
    assert len(index) == 0
