"""Anything malformed is a 400 problem with a JSON pointer; nothing changes, nothing is logged."""

from typing import Any

import pytest

from tests.api.desk import JSON, LEVEL, Api, problem

ABOUT_HTTP = True

RESERVE = f"{LEVEL}/reserve"

BODIES = [
    ("a boolean as a number", b'{"qty":true}', "/qty"),
    ("a float", b'{"qty":1.5}', "/qty"),
    ("a whole float", b'{"qty":1.0}', "/qty"),
    ("an exponent", b'{"qty":1e3}', "/qty"),
    ("a number as text", b'{"qty":"1"}', "/qty"),
    ("null where a number must be", b'{"qty":null}', "/qty"),
    ("zero units", b'{"qty":0}', "/qty"),
    ("negative units", b'{"qty":-1}', "/qty"),
    ("10^30", b'{"qty":1000000000000000000000000000000}', "/qty"),
    ("a number of 5,000 digits", b'{"qty":' + b"9" * 5000 + b"}", ""),
    ("2^53", b'{"qty":9007199254740992}', "/qty"),
    ("NaN", b'{"qty":NaN}', ""),
    ("Infinity", b'{"qty":Infinity}', ""),
    ("an unknown member", b'{"qty":1,"expectedversion":3}', "/expectedversion"),
    ("a member by its inner name", b'{"qty":1,"ttl_seconds":3}', "/ttl_seconds"),
    ("a missing member", b"{}", "/qty"),
    ("a duplicate member", b'{"qty":1,"qty":2}', ""),
    ("an escaped duplicate member", b'{"qty":1,"q\\u0074y":2}', ""),
    ("a duplicate unknown member", b'{"qty":1,"x":{"a":1,"a":1}}', ""),
    ("broken UTF-8", b'{"qty":1,"reference":"\xff\xfe"}', ""),
    ("a lone surrogate", b'{"qty":1,"reference":"\\ud800"}', ""),
    ("a byte order mark", b'\xef\xbb\xbf{"qty":1}', ""),
    ("a control character in text", b'{"qty":1,"reference":"\x01"}', ""),
    ("a trailing comma", b'{"qty":1,}', ""),
    ("two values", b'{"qty":1}{"qty":2}', ""),
    ("nothing", b"", ""),
    ("an array", b"[1]", ""),
    ("null", b"null", ""),
    ("nesting of 10,000 arrays", b'{"qty":' + b"[" * 10_000 + b"]" * 10_000 + b"}", ""),
    ("nesting of 10,000 objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, ""),
    ("deep nesting with an escape", b'{"\\u0061":' * 900 + b"1" + b"}" * 900, ""),
    ("an empty reference", b'{"qty":1,"reference":""}', "/reference"),
    ("a reference of 256 characters", b'{"qty":1,"reference":"' + b"r" * 256 + b'"}', "/reference"),
    ("a version of 0", b'{"qty":1,"expectedVersion":0}', "/expectedVersion"),
    ("a time to live of 0", b'{"qty":1,"ttlSeconds":0}', "/ttlSeconds"),
    ("a time to live of ages", b'{"qty":1,"ttlSeconds":9007199254740991}', "/ttlSeconds"),
]


@pytest.mark.parametrize(("what", "body", "pointer"), BODIES, ids=[case[0] for case in BODIES])
async def test_a_malformed_body_is_refused_with_a_pointer(
    api: Api, what: str, body: bytes, pointer: str
) -> None:
    await api.count(10)
    answer = await api.client.post(RESERVE, content=body, headers=JSON)
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (400, "ValidationError"), what
    if "nesting" not in what:
        assert (members["errors"][0]["in"], members["errors"][0]["pointer"]) == ("body", pointer)
    assert await api.sequence() == 1


ROWS: list[tuple[dict[str, Any], str]] = [
    ({"op": "steal", "storeId": "s", "sku": "a", "qty": 1}, "/operations/1"),
    ({"storeId": "s", "sku": "a", "qty": 1}, "/operations/1"),
    ({"op": "reserve", "storeId": "s", "sku": "a", "qty": 0}, "/operations/1/qty"),
    ({"op": "reserve", "storeId": "../s", "sku": "a", "qty": 1}, "/operations/1/storeId"),
    ({"op": "reserve", "storeId": "s", "sku": "a", "qty": 1, "delta": 1}, "/operations/1/delta"),
    ({"op": "count", "storeId": "s", "sku": "a", "onHand": -1}, "/operations/1/onHand"),
    ({"op": "adjust", "storeId": "s", "sku": "a", "delta": 2.5}, "/operations/1/delta"),
    (
        {"op": "adjust", "storeId": "s", "sku": "a", "delta": 2, "idempotencyKey": "k" * 256},
        "/operations/1/idempotencyKey",
    ),
]


@pytest.mark.parametrize(("row", "pointer"), ROWS)
async def test_one_malformed_row_refuses_the_whole_batch(
    api: Api, row: dict[str, Any], pointer: str
) -> None:
    sound = {"op": "count", "storeId": "s", "sku": "a", "onHand": 1}
    answer = await api.post("/inventory/batch", {"operations": [sound, row]})
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == pointer
    assert await api.sequence() == 0


async def test_a_client_never_sees_its_own_input_again(api: Api) -> None:
    answer = await api.post(RESERVE, {"qty": "a secret"})
    assert "secret" not in answer.text
