"""Commands drawn at random, small enough to collide: two stores, three SKUs, few units."""

from hypothesis import strategies as st

from surestock.inventory.commands import (
    AdjustStock,
    CommitReservation,
    CountStock,
    ExpectedLine,
    ExpireReservations,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.inventory.model import Line, StockKey
from tests.inventory.book import RICE, SALT, TEA

keys = st.sampled_from([TEA, RICE, SALT])
units = st.integers(1, 6)
ttls = st.none() | st.integers(1, 30)
texts = st.none() | st.text(max_size=5)


def _lines(wanted: dict[StockKey, int]) -> tuple[Line, ...]:
    return tuple(Line(*key, qty) for key, qty in wanted.items())


lines = st.dictionaries(keys, units, min_size=1).map(_lines)
reservations = st.integers(1, 25).map(lambda sequence: f"r{sequence}")

counts = st.builds(
    lambda key, on_hand, reason: CountStock(key[0], key[1], on_hand, reason=reason),
    keys,
    st.integers(0, 12),
    texts,
)
adjustments = st.builds(
    lambda key, delta, reason: AdjustStock(key[0], key[1], delta, reason=reason),
    keys,
    st.integers(-4, 6),
    texts,
)
single = st.builds(
    lambda key, qty, ttl_s: ReserveStock(key[0], key[1], qty, ttl_s=ttl_s), keys, units, ttls
)
multiple = st.builds(
    lambda wanted, ttl_s, reference: MakeReservation(
        tuple(ExpectedLine(line) for line in wanted), ttl_s, reference
    ),
    lines,
    ttls,
    texts,
)
commits = st.builds(CommitReservation, reservations, st.none() | lines)
releases = st.builds(ReleaseReservation, reservations)
extensions = st.builds(ExtendReservation, reservations, st.integers(1, 30))
expiries = st.builds(lambda key: ExpireReservations(*key), keys)

commands = st.one_of(counts, adjustments, single, multiple, commits, releases, extensions, expiries)
steps = st.tuples(commands, st.integers(0, 9))
"""A command, and the seconds that pass before it."""

plans = st.lists(steps, max_size=40)
