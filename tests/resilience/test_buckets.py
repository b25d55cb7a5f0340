"""The buckets of all clients: bounded, and nobody is forgotten while there is room.

What an attacker with many addresses gains is said here in figures: each brings its own burst, and
with more of them than are kept, the limit is none. What holds then is the bulkhead behind it.
"""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from surestock.resilience.bucket import RateLimit, TokenBucket
from surestock.resilience.buckets import Buckets

LIMIT = RateLimit(per_second=1.0, burst=3)


def emptied(buckets: Buckets, client: str, now: float) -> TokenBucket:
    bucket = buckets.of(client, now)
    while bucket.try_take(now):
        pass
    return bucket


def taken(buckets: Buckets, clients: list[str], now: float) -> int:
    return sum(buckets.of(client, now).try_take(now) for client in clients)


def test_each_client_has_its_own() -> None:
    buckets = Buckets(LIMIT)
    emptied(buckets, "a", 0.0)
    assert not buckets.of("a", 0.0).try_take(0.0)
    assert buckets.of("b", 0.0).try_take(0.0)


def test_a_new_one_is_full_from_the_moment_of_its_coming() -> None:
    buckets = Buckets(LIMIT)
    assert buckets.of("a", 1e6).level(1e6) == 3
    assert emptied(buckets, "b", 1e6).level(1e6 + 1) == 1


@given(st.lists(st.integers(0, 30), max_size=300), st.integers(1, 10))
def test_it_keeps_no_more_than_it_may_and_those_that_came_last(come: list[int], most: int) -> None:
    buckets = Buckets(LIMIT, most)
    for number in come:
        emptied(buckets, str(number), 0.0)
        assert len(buckets) <= most
    last_first = list(dict.fromkeys(reversed(come)))
    for number in reversed(last_first[:most]):
        assert not buckets.of(str(number), 0.0).try_take(0.0), "somebody who came lately is unknown"


def test_a_throttled_client_is_not_forgotten_by_a_flood_of_names_while_there_is_room() -> None:
    buckets = Buckets(LIMIT, most=1000)
    emptied(buckets, "throttled", 0.0)
    taken(buckets, [f"flood-{number}" for number in range(999)], 0.0)
    assert not buckets.of("throttled", 0.0).try_take(0.0)


def test_one_that_keeps_coming_is_not_forgotten_by_any_flood() -> None:
    buckets = Buckets(LIMIT, most=10)
    emptied(buckets, "throttled", 0.0)
    got = 0
    for number in range(10_000):
        if number % 9 == 0:
            got += buckets.of("throttled", 0.0).try_take(0.0)
        buckets.of(f"flood-{number}", 0.0)
    assert got == 0


def test_an_attacker_gains_one_burst_with_each_address_and_no_more_while_there_is_room() -> None:
    buckets = Buckets(LIMIT, most=100)
    addresses = [str(number) for number in range(100)]
    through = sum(taken(buckets, addresses, 0.0) for _ in range(50))
    assert through == 100 * 3
    assert sum(taken(buckets, addresses, 2.0) for _ in range(50)) == 100 * 2


def test_an_attacker_with_more_addresses_than_are_kept_is_not_limited_at_all() -> None:
    buckets = Buckets(LIMIT, most=100)
    addresses = [str(number) for number in range(101)]
    through: Counter[str] = Counter()
    for _ in range(50):
        for address in addresses:
            through[address] += buckets.of(address, 0.0).try_take(0.0)
    assert sum(through.values()) == 50 * 101
    assert len(buckets) == 100
