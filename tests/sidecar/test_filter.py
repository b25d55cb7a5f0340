"""The filter never denies what it was given, and rarely claims what it was not."""

from hypothesis import given
from hypothesis import strategies as st

from surestock.sidecar.entry import Entry, halves_of_digests, pack_entry
from surestock.sidecar.filter import Probe, add_digests, any_may_hold, empty_filter, probe_of
from tests.sidecar.shelf import digest, row_digest


def filter_of(digests: list[bytes]) -> Probe:
    bits = empty_filter(len(digests))
    packed = b"".join(pack_entry(Entry(it, 1, 2, 3, 4)) for it in digests)
    add_digests(bits, halves_of_digests(packed))
    return probe_of(bytes(bits))


def rate(probe: Probe, absent: list[bytes]) -> float:
    return sum(any_may_hold((probe,), it) for it in absent) / len(absent)


@given(st.lists(st.binary(min_size=16, max_size=16)))
def test_whatever_was_added_is_held(digests: list[bytes]) -> None:
    probe = filter_of(digests)
    assert all(any_may_hold((probe,), it) for it in digests)


def test_a_digest_in_one_of_many_filters_is_held() -> None:
    probes = [filter_of([digest(number)]) for number in range(15)]
    assert all(any_may_hold(probes, digest(number)) for number in range(15))


def test_an_empty_filter_and_no_filter_hold_nothing() -> None:
    assert rate(filter_of([]), [digest(number) for number in range(100)]) == 0
    assert not any_may_hold((), digest(1))


def test_two_bytes_a_digest_keep_false_claims_below_three_in_a_thousand() -> None:
    probe = filter_of([digest(number) for number in range(30_000)])
    assert len(probe[0]) == 2 * 30_000 + 1
    assert rate(probe, [digest(number) for number in range(30_000, 130_000)]) < 0.003


def test_rows_of_batches_are_told_apart_as_well_as_single_keys() -> None:
    probe = filter_of([row_digest(batch, row) for batch in range(60) for row in range(500)])
    others = [row_digest(batch, row) for batch in range(60, 260) for row in range(500)]
    assert rate(probe, others) < 0.003
    assert rate(probe, [digest(number) for number in range(10**6, 10**6 + 100_000)]) < 0.003


def test_a_row_that_its_batch_did_not_record_is_rarely_claimed() -> None:
    probe = filter_of([row_digest(7, row) for row in range(0, 20_000, 2)])
    assert rate(probe, [row_digest(7, row) for row in range(1, 20_000, 2)]) < 0.003
