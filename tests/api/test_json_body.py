"""JSON from strangers: parsed as the standard parser does, and no duplicate is ever lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.api.json_body import parse_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
_PIECES = ["{", "}", "[", "]", ",", ":", '"', '"a"', '"b"', "\\", "\\u0061", "1", "-", "e9", "."]
_PIECES += ["true", "null", "NaN", " ", "\n", "\x00", "ü", "\ud800", "9" * 400]


@given(value=_VALUES, ascii_only=st.booleans())
def test_every_value_is_parsed_as_the_standard_parser_does(*, value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parse_json(text) == json.loads(text)


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_nonsense_is_refused_in_one_way_or_parsed_alike(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    try:
        parsed = parse_json(body)
    except ValueError:
        return
    assert parsed == json.loads(body)


@given(
    st.dictionaries(st.text('ab\\"é', max_size=3), st.integers(0, 9), min_size=1, max_size=4),
    st.data(),
)
def test_a_member_that_is_there_twice_is_always_seen(
    members: dict[str, int], data: st.DataObject
) -> None:
    twice = data.draw(st.sampled_from(sorted(members)))
    ascii_only = data.draw(st.booleans())
    items = [*members.items(), (twice, 0)]
    body = ",".join(
        f"{json.dumps(name, ensure_ascii=ascii_only)}:{value}"
        for name, value in data.draw(st.permutations(items))
    )
    nested = data.draw(st.sampled_from(["{%s}", '[1,{"x":{%s}}]']))
    with pytest.raises(ValueError, match="twice"):
        parse_json((nested % body).encode())
