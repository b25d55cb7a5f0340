"""The right key is let in, every other is not, and the time to say so tells nothing.

Teeth: rings that compare a part of the hash, compare it letter by letter, or answer an unknown id
early must be seen by the same check.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from hmac import compare_digest
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from surestock.access import keys
from surestock.access.caller import Caller
from surestock.access.credential import Credential, draw_credential, parts_of
from surestock.access.key_file import StoredKey
from surestock.access.keys import KeyRing
from surestock.access.scope import Scope
from tests.access.keyed import LATER, drawn, header

Compare = Callable[[bytes, bytes], bool]


class NotInConstantTime(KeyRing):
    """Broken: ``==`` ends at the first byte that differs."""

    def caller_of(self, authorization: bytes | None) -> Caller | None:
        parts = parts_of(authorization or b"")
        if parts is None:
            return None
        digest, caller = self._entries.get(parts[0], (b"", None))
        return caller if sha256(parts[1]).digest() == digest else None


class AnswersUnknownIdsEarly(KeyRing):
    """Broken: an id that nobody has is refused before anything is compared."""

    def caller_of(self, authorization: bytes | None) -> Caller | None:
        parts = parts_of(authorization or b"")
        if parts is None or parts[0] not in self._entries:
            return None
        return super().caller_of(authorization)


class ForgetsRevocations(KeyRing):
    """Broken: a revoked key is as good as before."""

    def __init__(self, stored: Sequence[StoredKey]) -> None:
        super().__init__([replace(key, revoked_at=None) for key in stored])


def with_a_bit_flipped(key: StoredKey) -> Iterator[StoredKey]:
    """Yield the key with a hash that is wrong in one bit, for each byte of the hash."""
    digest = bytes.fromhex(key.sha256)
    for at in range(len(digest)):
        other = bytearray(digest)
        other[at] ^= 1 << (at % 8)
        yield replace(key, sha256=other.hex())


def faults(ring_of: Callable[[Sequence[StoredKey]], KeyRing], compare: Compare) -> set[str]:
    """Return what is wrong with a ring, a few words each."""
    found: set[str] = set()
    compared: list[tuple[int, int]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    right, key = drawn()
    revoked, gone = drawn(revoked_at=LATER)
    wrong = Credential(key.key_id, draw_credential().text.split("_")[2])
    with patch.object(keys, "compare_digest", spy):
        ring = ring_of([key, gone])
        for what, credential, expected in (
            ("the right key", right, "till"),
            ("a wrong secret", wrong, None),
            ("an unknown id", draw_credential(), None),
            ("a revoked key", revoked, None),
        ):
            compared.clear()
            caller = ring.caller_of(header(credential))
            if (caller and caller.client) != expected:
                found.add(f"{what} is {caller and caller.client}")
            if compared != [(32, 32)]:
                found.add(f"{what} is compared {len(compared)} times")
        for almost in with_a_bit_flipped(key):
            if ring_of([almost]).caller_of(header(right)) is not None:
                found.add("a hash with one wrong bit is let in")
    return found


def test_a_key_ring_has_no_fault() -> None:
    assert faults(KeyRing, compare_digest) == set()


@pytest.mark.parametrize(
    ("ring_of", "compare", "fault"),
    [
        (KeyRing, lambda one, other: one[:16] == other[:16], "a hash with one wrong bit is let in"),
        (KeyRing, lambda one, other: one[1:] == other[1:], "a hash with one wrong bit is let in"),
        (KeyRing, lambda one, other: one[:31] == other[:31], "a hash with one wrong bit is let in"),
        (KeyRing, lambda *_: True, "a wrong secret is till"),
        (NotInConstantTime, compare_digest, "the right key is compared 0 times"),
        (AnswersUnknownIdsEarly, compare_digest, "an unknown id is compared 0 times"),
        (ForgetsRevocations, compare_digest, "a revoked key is till"),
    ],
)
def test_a_broken_ring_is_seen(
    ring_of: Callable[[Sequence[StoredKey]], KeyRing], compare: Compare, fault: str
) -> None:
    assert fault in faults(ring_of, compare)


def test_nobody_is_let_in_without_a_header_or_by_an_empty_ring() -> None:
    credential, key = drawn()
    assert KeyRing([key]).caller_of(None) is None
    assert KeyRing([]).caller_of(header(credential)) is None
    assert KeyRing([]).valid == 0


def test_the_dummy_of_unknown_ids_lets_nobody_in_even_if_a_hash_equals_it() -> None:
    with patch.object(keys, "compare_digest", lambda *_: True):
        assert KeyRing([]).caller_of(header(draw_credential())) is None


def test_a_caller_is_what_the_file_says_of_the_key() -> None:
    scopes = (Scope.INVENTORY_READ, Scope.OPS_ADMIN)
    credential, key = drawn("shop", scopes, ("berlin", "bonn"))
    caller = KeyRing([key]).caller_of(header(credential))
    assert caller == Caller(
        "shop",
        credential.key_id,
        frozenset({"inventory:read", "ops:admin"}),
        frozenset({"berlin", "bonn"}),
    )
    assert all(type(scope) is str for scope in caller.scopes)


def test_two_keys_of_one_client_are_both_good() -> None:
    (old, first), (new, second) = drawn("shop"), drawn("shop")
    ring = KeyRing([first, second])
    assert ring.valid == 2
    callers = [ring.caller_of(header(it)) for it in (old, new)]
    assert [it and it.client for it in callers] == ["shop", "shop"]


def test_a_caller_is_valid_while_the_key_stands_for_the_same() -> None:
    credential, key = drawn(stores=("berlin",))
    _, other = drawn()
    ring = KeyRing([key, other])
    caller = ring.caller_of(header(credential))
    assert caller is not None
    assert ring.is_valid(caller)
    for changed in (
        [other],
        [replace(key, revoked_at=LATER), other],
        [replace(key, scopes=(Scope.OPS_READ,)), other],
        [replace(key, stores=("bonn",)), other],
        [replace(key, client="else"), other],
    ):
        assert not KeyRing(changed).is_valid(caller)


def test_the_secret_of_one_key_does_not_open_another() -> None:
    (one, first), (_, second) = drawn("one"), drawn("two")
    mixed = Credential(second.key_id, one.text.split("_")[2])
    assert KeyRing([first, second]).caller_of(header(mixed)) is None


def test_guesses_are_refused() -> None:
    _, key = drawn()
    ring = KeyRing([key])
    for _ in range(2000):
        guess = Credential(key.key_id, secrets.token_hex(32)[:43])
        assert ring.caller_of(header(guess)) is None
