"""Malformed ids, headers and queries: 400 with a pointer into the place where it stands."""

import pytest

from tests.api.desk import LEVEL, Api, problem, raw

ABOUT_HTTP = True

RESERVE = f"{LEVEL}/reserve"

BAD_IDS = [
    b"..",
    b".hidden",
    b"%2e%2e",
    b"%00",
    b"a%00b",
    b"a%2Fb",
    b"a%2fb",
    b"%2F",
    b"",
    b"a b",
    b"a%20b",
    b"a%0A",
    b"a\\b",
    b"-a",
    b"%C3%BC",
    b"%ff",
    b"%",
    b"a" * 65,
    b"a%25",
]


@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize(
    ("method", "target", "pointer"),
    [
        ("GET", b"/stores/%b/inventory/apple", "/storeId"),
        ("POST", b"/stores/berlin/inventory/%b/reserve", "/sku"),
        ("GET", b"/reservations/%b", "/reservationId"),
        ("GET", b"/stores/%b/inventory/apple/history", "/storeId"),
    ],
)
async def test_an_id_that_is_none_is_refused_wherever_it_stands(
    api: Api, method: str, target: bytes, pointer: str, bad: bytes
) -> None:
    headers = [(b"content-type", b"application/json")]
    status, _, body = await raw(api, method, target.replace(b"%b", bad), headers, b'{"qty":1}')
    assert status == 400, body
    assert f'"in":"path","pointer":"{pointer}"'.encode() in body


async def test_an_id_may_be_escaped_when_it_needs_not(api: Api) -> None:
    await api.count(10)
    status, _, _ = await raw(api, "GET", b"/stores/%62erlin/inventory/appl%65")
    assert status == 200


async def test_everything_that_is_wrong_is_told_at_once(api: Api) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"if-match", b"seven"),
        (b"idempotency-key", b"k" * 256),
    ]
    target = b"/stores/.a/inventory/.b/reserve"
    _, _, body = await raw(api, "POST", target, headers, b'{"qty":"1","x":1}')
    for pointer in ("/storeId", "/sku", "/If-Match", "/Idempotency-Key", "/qty", "/x"):
        assert f'"pointer":"{pointer}"'.encode() in body


BAD_KEYS = [
    b"",
    b"k" * 256,
    b"a b",
    b'"',
    b'"a',
    b'"a"b',
    b'""',
    b'"a\\b"',
    b"\xfc",
    b"a\x7f",
    b'"\t"',
]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_key_that_is_none_is_refused(api: Api, key: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"idempotency-key", key)]
    status, _, body = await raw(api, "POST", RESERVE.encode(), headers, b'{"qty":1}')
    assert status == 400
    assert b'"pointer":"/Idempotency-Key"' in body


@pytest.mark.parametrize("key", ["k" * 255, '"' + "k" * 255 + '"', '"two words"', "a,b;c=d"])
async def test_a_key_of_255_characters_is_fine(api: Api, key: str) -> None:
    await api.count(10)
    assert (await api.post(RESERVE, {"qty": 1}, idempotency_key=key)).status_code == 200


@pytest.mark.parametrize("name", [b"idempotency-key", b"if-match"])
async def test_a_header_must_not_be_given_twice(api: Api, name: bytes) -> None:
    await api.count(10)
    headers = [(b"content-type", b"application/json"), (name, b"1"), (name, b"1")]
    status, _, body = await raw(api, "POST", RESERVE.encode(), headers, b'{"qty":1}')
    assert (status, b"twice" in body) == (400, True)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=1.0", "/limit"),
        ("limit=%2B1", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=%D9%A1", "/limit"),
        ("limit=1&limit=2", ""),
        ("limt=1", "/limt"),
        ("limit=%ff", ""),
        ("after=99999999999999999", "/after"),
        ("after=-1", "/after"),
    ],
)
async def test_a_malformed_query_is_refused(api: Api, query: str, pointer: str) -> None:
    answer = await api.get(f"/events?{query}")
    fault = problem(answer)["errors"][0]
    assert (answer.status_code, fault["in"], fault["pointer"]) == (400, "query", pointer)


async def test_a_query_where_there_is_none_is_refused_not_ignored(api: Api) -> None:
    await api.count(10)
    answer = await api.put(f"{LEVEL}?expectedVersion=7", {"onHand": 1})
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/expectedVersion"
