"""A key has 256 random bits, three parts and one spelling; everything else is nobody's."""

import math
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.access.credential import draw_credential, is_key, is_key_id, parts_of
from tests.access.keyed import header

KEY = b"sk_abcdefghij27_" + b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
BEARER = b"Bearer " + KEY
ALPHANUMERIC = set((string.ascii_letters + string.digits).encode())


def brings_a_key(value: bytes) -> bool:
    """Say the same as the parser, in other words."""
    scheme, space, key = value.partition(b" ")
    parts = key.split(b"_")
    return (
        scheme.lower() == b"bearer"
        and space == b" "
        and len(parts) == 3
        and parts[0] == b"sk"
        and len(parts[1]) == 12
        and set(parts[1]) <= set(b"abcdefghijklmnopqrstuvwxyz234567")
        and len(parts[2]) == 43
        and set(parts[2]) <= ALPHANUMERIC
    )


def test_a_drawn_key_has_its_three_parts_and_enough_randomness() -> None:
    texts = [draw_credential().text for _ in range(200)]
    for text in texts:
        mark, key_id, secret = text.split("_")
        assert mark == "sk"
        assert is_key_id(key_id)
        assert is_key(text)
        assert len(secret) * math.log2(62) >= 256
    assert len(set(texts)) == 200
    assert set("".join(text.split("_")[2] for text in texts)) == set(
        string.ascii_letters + string.digits
    )


def test_a_key_shows_its_secret_to_whom_it_is_given_and_to_nobody_else() -> None:
    credential = draw_credential()
    secret = credential.text.split("_")[2]
    assert secret in credential.text
    for shown in (repr(credential), str(credential), f"{credential}", repr([credential])):
        assert secret not in shown
        assert credential.key_id in shown
    assert secret not in credential.sha256
    assert re.fullmatch(r"[0-9a-f]{64}", credential.sha256)


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer", b"BEARER", b"bEaReR"])
def test_the_scheme_is_read_in_any_case(scheme: bytes) -> None:
    found = parts_of(scheme + b" " + KEY)
    assert found == (KEY[3:15], KEY[16:])


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        KEY,
        b"Basic " + KEY,
        b"Bearer  " + KEY,
        b"Bearer\t" + KEY,
        b" " + BEARER,
        BEARER + b" ",
        BEARER + b"\n",
        BEARER + b"\x00",
        BEARER + b"A",
        BEARER[:-1],
        BEARER + b", " + BEARER,
        BEARER.replace(b"sk_a", b"sk_A"),
        BEARER.replace(b"sk_", b"SK_"),
        BEARER.replace(b"sk_", b"pk_"),
        BEARER.replace(b"27_", b"01_"),
        BEARER.replace(b"0123", b"012_"),
        BEARER.replace(b"0123", b"012-"),
        BEARER.replace(b"0123", "012é".encode("latin-1")),
        BEARER.replace(b"0123", "01²".encode()),
        "\uff22earer ".encode() + KEY,
        BEARER + b"A" * 1_000_000,
    ],
)
def test_what_is_not_spelled_so_brings_no_key(value: bytes) -> None:
    assert parts_of(value) is None


@given(st.binary(max_size=600))
def test_any_bytes_are_read_without_an_error(value: bytes) -> None:
    assert (parts_of(value) is not None) == brings_a_key(value)


@given(
    st.integers(0, len(BEARER)), st.integers(0, 3), st.binary(max_size=3), st.sampled_from([0, 32])
)
def test_a_key_with_a_change_in_one_place_is_read_by_the_same_rule(
    at: int, taken: int, put: bytes, case: int
) -> None:
    letters = bytes(byte ^ case if chr(byte).isalpha() else byte for byte in put)
    value = BEARER[:at] + letters + BEARER[at + taken :]
    assert (parts_of(value) is not None) == brings_a_key(value)


def test_what_was_drawn_is_read_again() -> None:
    credential = draw_credential()
    found = parts_of(header(credential))
    assert found is not None
    assert b"sk_%b_%b" % found == credential.text.encode()
