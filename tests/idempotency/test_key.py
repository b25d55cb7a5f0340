"""A key means something within its client, method and path only; a fingerprint hashes a meaning."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.idempotency import fingerprint_of, make_key, row_key
from surestock.inventory.commands import AdjustStock, Command, CountStock, ReserveStock

parts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=6)


def test_the_same_scope_and_key_have_the_same_digest_whatever_the_payload() -> None:
    one = make_key("ann", "POST", "/p", "k", "f1")
    other = make_key("ann", "POST", "/p", "k", "f2")
    assert one.digest == other.digest
    assert len(bytes.fromhex(one.digest)) == 16
    assert (one.key, one.fingerprint, one.batch) == ("k", "f1", None)


@pytest.mark.parametrize(
    "scope",
    [
        ("bob", "POST", "/p", "k"),
        ("ann", "PUT", "/p", "k"),
        ("ann", "POST", "/q", "k"),
        ("ann", "POST", "/p", "j"),
    ],
    ids=["another client", "another method", "another path", "another key"],
)
def test_any_other_scope_is_another_key(scope: tuple[str, str, str, str]) -> None:
    assert make_key(*scope, "f").digest != make_key("ann", "POST", "/p", "k", "f").digest


@given(st.tuples(parts, parts, parts, parts), st.tuples(parts, parts, parts, parts))
def test_scopes_cannot_run_into_each_other(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    same = make_key(*one, "f").digest == make_key(*other, "f").digest
    assert same == (one == other)


def test_parts_that_only_join_to_the_same_text_stay_apart() -> None:
    cuts = [("ab", "c", "d", "e"), ("a", "bc", "d", "e"), ("a", "b", "cd", "e")]
    assert len({make_key(*cut, "f").digest for cut in cuts}) == 3


def test_each_row_of_a_batch_has_a_key_of_its_own_that_names_the_batch() -> None:
    batch = make_key("ann", "POST", "/batch", "k", "f")
    rows = [row_key(batch, n) for n in range(100)]
    assert len({row.digest for row in rows} | {batch.digest}) == 101
    assert {row.batch for row in rows} == {batch.digest}
    assert {(row.key, row.fingerprint) for row in rows} == {("k", "f")}
    assert row_key(batch, 7) == rows[7]


def test_the_order_of_members_makes_no_difference_to_a_fingerprint() -> None:
    members = [("a", 1), ("b", [1, 2]), ("c", {"y": 1, "x": 2})]
    prints = {fingerprint_of(dict(order)) for order in permutations(members)}
    assert prints == {fingerprint_of({"c": {"x": 2, "y": 1}, "b": [1, 2], "a": 1})}


def test_spelled_out_defaults_make_no_difference_to_a_fingerprint() -> None:
    assert fingerprint_of(AdjustStock("s", "k", 1)) == fingerprint_of(
        AdjustStock("s", "k", 1, expected_version=None, reason=None, reference=None)
    )


@pytest.mark.parametrize(
    "other",
    [
        AdjustStock("s", "k", 2),
        AdjustStock("s", "j", 1),
        AdjustStock("s", "k", 1, expected_version=1),
        AdjustStock("s", "k", 1, reason="x"),
        CountStock("s", "k", 1),
        ReserveStock("s", "k", 1),
    ],
)
def test_another_meaning_has_another_fingerprint(other: Command) -> None:
    assert fingerprint_of(other) != fingerprint_of(AdjustStock("s", "k", 1))


def test_the_order_of_a_list_is_part_of_the_meaning() -> None:
    assert fingerprint_of([1, 2]) != fingerprint_of([2, 1])
