"""The batch as a stream: any length, answered row by row, a malformed row by itself."""

from collections.abc import MutableMapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from surestock.api.batching.lines import MOST_LINE_BYTES, Lines
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from tests.api.desk import LEVEL, Api, problem, raw, scope_of

BATCH = b"/inventory/batch"
NDJSON = [(b"content-type", b"application/x-ndjson")]
RESERVE = b'{"op":"reserve","storeId":"berlin","sku":"apple","qty":1}'


def decoded(body: bytes) -> list[dict[str, Any]]:
    assert body.endswith(b"\n")
    return [msgspec.json.decode(line) for line in body.splitlines()]


async def send(api: Api, *chunks: bytes) -> list[dict[str, Any]]:
    status, headers, body = await raw(api, "POST", BATCH, NDJSON, *chunks)
    assert (status, headers[b"content-type"]) == (200, b"application/x-ndjson")
    return decoded(body)


@pytest.fixture
async def stocked(api: Api) -> Api:
    await api.count(10_000)
    return api


async def test_rows_are_answered_in_order_with_their_line(stocked: Api) -> None:
    rows = await send(stocked, RESERVE + b"\n\n  \n" + RESERVE + b"\r\n" + RESERVE)
    assert [(row["line"], row["status"], row["sequence"]) for row in rows] == [
        (1, 200, 2),
        (4, 200, 3),
        (5, 200, 4),
    ]


@pytest.mark.parametrize(
    ("line", "status", "pointer"),
    [
        (b"nonsense", 400, ""),
        (b'{"op":"reserve","storeId":"berlin","sku":"apple","qty":1.5}', 400, "/qty"),
        (b'{"op":"reserve","storeId":"berlin","sku":"apple","qty":1,"qty":2}', 400, ""),
        (b'{"op":"steal","storeId":"berlin","sku":"apple","qty":1}', 400, ""),
        (b'{"op":"adjust","storeId":"..","sku":"apple","delta":1}', 400, "/storeId"),
        (b"[]", 400, ""),
        (b"\xff", 400, ""),
    ],
)
async def test_a_malformed_row_is_refused_alone(
    stocked: Api, line: bytes, status: int, pointer: str
) -> None:
    rows = await send(stocked, b"\n".join([RESERVE, line, RESERVE]))
    assert [row["status"] for row in rows] == [200, status, 200]
    assert rows[1]["error"] == "ValidationError"
    assert rows[1]["errors"][0]["pointer"] == pointer


async def test_rows_cannot_run_into_each_other(stocked: Api) -> None:
    half, other = RESERVE[:20], RESERVE[20:]
    rows = await send(stocked, b"\n".join([half, other, RESERVE + b"," + RESERVE]))
    assert [row["status"] for row in rows] == [400, 400, 400]


async def test_a_line_over_the_limit_is_refused_alone(stocked: Api) -> None:
    long = b'{"reason":"' + b"x" * MOST_LINE_BYTES + b'"}'
    rows = await send(stocked, RESERVE + b"\n" + long + b"\n" + RESERVE)
    assert [row["status"] for row in rows] == [200, 413, 200]


async def test_a_line_without_an_end_is_not_kept_in_memory(stocked: Api) -> None:
    chunks = [b"x" * 60_000] * 50
    rows = await send(stocked, RESERVE + b"\n", *chunks, b"\n" + RESERVE)
    assert [row["status"] for row in rows] == [200, 413, 200]
    lines = Lines()
    for chunk in chunks:
        lines.feed(chunk)
    assert lines.waiting_bytes <= MOST_LINE_BYTES


async def test_it_does_not_matter_where_the_network_cuts(stocked: Api) -> None:
    body = b"\n".join([RESERVE] * 3)
    rows = await send(stocked, *[body[at : at + 7] for at in range(0, len(body), 7)])
    assert [row["line"] for row in rows] == [1, 2, 3]


async def test_a_long_stream_is_answered_while_it_arrives(stocked: Api) -> None:
    arrived = 0
    answered = 0
    behind: list[int] = []

    async def receive() -> dict[str, Any]:
        nonlocal arrived
        behind.append(arrived - answered)
        arrived += 1
        return {"type": "http.request", "body": RESERVE + b"\n", "more_body": arrived < 100}

    async def send_back(message: MutableMapping[str, Any]) -> None:
        nonlocal answered
        answered += message.get("body", b"").count(b"\n")

    await stocked.app(scope_of("POST", BATCH, NDJSON), receive, send_back)
    assert (arrived, answered) == (100, 100)
    assert max(behind) == 0


async def test_a_stream_of_thousands_of_rows_in_one_piece(stocked: Api) -> None:
    rows = await send(stocked, b"\n".join([RESERVE] * 2500))
    assert [row["sequence"] for row in rows] == list(range(2, 2502))
    assert (await stocked.get(LEVEL)).json()["reserved"] == 2500


async def test_a_client_that_hangs_up_keeps_what_was_answered(stocked: Api) -> None:
    sent: list[MutableMapping[str, Any]] = []
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": RESERVE + b"\n", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send_back(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await stocked.app(scope_of("POST", BATCH, NDJSON), receive, send_back)
    assert await stocked.sequence() == 2
    assert stocked.lines[-1]["status"] == 499


async def test_each_row_may_have_a_key(stocked: Api) -> None:
    keyed = RESERVE[:-1] + b',"idempotencyKey":"k"}'
    rows = await send(stocked, keyed + b"\n" + keyed)
    assert rows[0]["sequence"] == rows[1]["sequence"] == 2


async def test_a_stream_cannot_have_one_key_for_all(stocked: Api) -> None:
    answer = await stocked.post(
        BATCH.decode(), RESERVE, content_type="application/x-ndjson", idempotency_key="k"
    )
    assert answer.status_code == 400
    assert problem(answer)["errors"][0]["pointer"] == "/Idempotency-Key"


async def test_an_empty_stream_has_an_empty_answer(api: Api) -> None:
    status, _, body = await raw(api, "POST", BATCH, NDJSON)
    assert (status, body) == (200, b"")


async def test_another_type_is_refused(api: Api) -> None:
    answer = await api.post(BATCH.decode(), RESERVE, content_type="text/csv")
    assert answer.status_code == 415


class BreakingEngine(MemoryEngine):
    """Breaks in the middle of a stream."""

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        if self.status().sequence:
            raise RuntimeError("broken")
        return await super().transact_each(envelopes)


async def test_a_defect_in_the_middle_leaves_the_answer_without_an_end(clock: ManualClock) -> None:
    api = Api(BreakingEngine(clock, IdSource("bootboot"), timedelta(hours=24)), clock)
    count = b'{"op":"count","storeId":"berlin","sku":"apple","onHand":1}\n'
    sent: list[MutableMapping[str, Any]] = []
    chunks = [count, count]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send_back(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await api.app(scope_of("POST", BATCH, NDJSON), receive, send_back)
    assert [message.get("more_body") for message in sent] == [None, True]
    assert [line["event"] for line in api.lines] == ["request failed", "request"]
    assert api.lines[-1]["status"] == 500
