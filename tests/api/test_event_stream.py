"""The events as a stream: what a reader gets, where it begins, what it may not ask, how it ends."""

from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import pytest

from surestock.api.feed.feed import FeedLimits
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.record import Record
from tests.api.desk import LEVEL, Api, problem, raw
from tests.api.reader import STREAM, Reader


def limited(limits: FeedLimits) -> Api:
    clock = ManualClock()
    engine = MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    return Api(engine, clock, limits=limits)


@pytest.fixture
async def restless() -> AsyncIterator[Api]:
    """An application that gives a sign of life whenever it has nothing else to say."""
    built = limited(FeedLimits(heartbeat_s=0, gather_s=0))
    async with built.client:
        yield built


async def test_an_event_is_an_item_of_a_page_under_its_sequence(api: Api) -> None:
    await api.put(LEVEL, {"onHand": 10}, idempotency_key="k")
    await api.post(f"{LEVEL}/reserve", {"qty": 3})
    reader = Reader(api, most=2)
    await reader.follow()
    assert (reader.status, reader.headers[b"content-type"]) == (200, b"text/event-stream")
    assert reader.headers[b"cache-control"] == b"no-store"
    assert reader.ids == [1, 2]
    assert reader.items == (await api.get("/events")).json()["items"]


async def test_a_stream_begins_by_telling_when_to_come_back(api: Api) -> None:
    await api.count(1)
    reader = Reader(api, most=1)
    await reader.follow()
    assert reader.chunks[0] == b"retry: 1000\n\n"


async def test_what_is_committed_later_comes_as_it_is_committed(api: Api) -> None:
    reader = Reader(api)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader.follow)
        for count in range(1, 4):
            await api.count(count)
            await reader.until(lambda expected=count: len(reader.ids) == expected)  # type: ignore[misc]
        reader.hang_up()
    assert reader.ids == [1, 2, 3]


@pytest.mark.parametrize(
    ("target", "headers", "begins"),
    [
        (b"/events", [], 1),
        (b"/events?after=3", [], 4),
        (b"/events", [(b"last-event-id", b"2")], 3),
        (b"/events?after=4", [(b"last-event-id", b"1")], 2),
    ],
)
async def test_a_stream_begins_after_what_the_client_has(
    api: Api, target: bytes, headers: list[tuple[bytes, bytes]], begins: int
) -> None:
    for _ in range(5):
        await api.count(10)
    reader = Reader(api, most=5 - begins + 1)
    await reader.follow(target, *headers)
    assert reader.ids == list(range(begins, 6))


async def test_a_page_resumes_by_the_same_header(api: Api) -> None:
    for _ in range(3):
        await api.count(10)
    page = (await api.get("/events?after=0", last_event_id="2")).json()
    assert ([item["sequence"] for item in page["items"]], page["nextAfter"]) == ([3], 3)


@pytest.mark.parametrize("given", ["", "x", "-1", "1.0", "1" * 17])
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_last_event_that_is_no_sequence_is_malformed(
    api: Api, given: str, accept: str
) -> None:
    answer = await api.get("/events", last_event_id=given, accept=accept)
    assert problem(answer)["errors"][0]["pointer"] == "/Last-Event-ID"


async def test_a_stream_has_no_limit_to_ask_for(api: Api) -> None:
    answer = await api.get("/events?limit=5", accept="text/event-stream")
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (400, "/limit")


async def test_silence_is_broken_by_signs_of_life(restless: Api) -> None:
    reader = Reader(restless)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader.follow)
        await reader.until(lambda: reader.beats == 3)
        await restless.count(1)
        await reader.until(lambda: reader.ids == [1])
        reader.hang_up()


async def test_a_reader_that_is_ahead_of_the_log_waits_for_it(restless: Api) -> None:
    await restless.count(1)
    reader = Reader(restless)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader.follow, b"/events?after=2")
        await reader.until(lambda: reader.beats > 0)
        await restless.count(2)
        await restless.count(3)
        await reader.until(lambda: reader.ids != [])
        reader.hang_up()
    assert reader.ids == [3]


async def test_head_tells_what_get_would_begin_with_and_ends(api: Api) -> None:
    await api.count(1)
    status, headers, body = await raw(api, "HEAD", b"/events", [STREAM])
    assert (status, headers[b"content-type"], body) == (200, b"text/event-stream", b"")
    assert api.metrics.event_readers == 0


async def test_readers_are_counted_while_they_read(api: Api) -> None:
    readers = [Reader(api), Reader(api)]
    async with anyio.create_task_group() as tasks:
        for reader in readers:
            tasks.start_soon(reader.follow)
            await reader.until(lambda reader=reader: reader.chunks != [])  # type: ignore[misc]
        assert "surestock_event_readers 2.0" in (await api.get("/metrics")).text
        for reader in readers:
            reader.hang_up()
    assert "surestock_event_readers 0.0" in (await api.get("/metrics")).text


async def test_one_reader_too_many_is_asked_to_come_later() -> None:
    api = limited(FeedLimits(readers=1, gather_s=0))
    first = Reader(api)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.follow)
        await first.until(lambda: first.chunks != [])
        answer = await api.get("/events", accept="text/event-stream")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert problem(answer)["error"] == "Overloaded"
        assert (await api.get("/events")).status_code == 200
        first.hang_up()
    second = Reader(api)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(second.follow)
        await second.until(lambda: second.status == 200)
        second.hang_up()


async def test_at_the_end_streams_come_to_theirs_and_none_begins(api: Api) -> None:
    readers = [Reader(api), Reader(api)]
    async with anyio.create_task_group() as tasks:
        for reader in readers:
            tasks.start_soon(reader.follow)
            await reader.until(lambda reader=reader: reader.chunks != [])  # type: ignore[misc]
        api.app.end_streams()
    assert [reader.ended for reader in readers] == [True, True]
    answer = await api.get("/events", accept="text/event-stream")
    assert (answer.status_code, problem(answer)["error"]) == (503, "ShuttingDown")


async def test_a_stream_is_counted_when_it_begins_and_logged_when_it_ends(api: Api) -> None:
    reader = Reader(api)
    stats = api.metrics.route("GET", "/events")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader.follow)
        await reader.until(lambda: reader.chunks != [])
        assert stats.by_status == {200: 1}
        assert api.lines == []
        api.clock.advance(3600)
        reader.hang_up()
    (line,) = api.lines
    assert (line["status"], line["durationMs"]) == (499, 3_600_000)
    assert (stats.by_status, stats.latency_s.total) == ({200: 1}, 0)


async def test_a_reader_that_takes_nothing_is_cut_off() -> None:
    api = limited(FeedLimits(patience_s=0, gather_s=0))
    await api.count(1)
    reader = Reader(api, pace=anyio.sleep_forever)
    await reader.follow()
    assert (reader.aborted, reader.chunks) == (True, [])
    text = (await api.get("/metrics")).text
    assert "surestock_slow_readers_total 1.0" in text
    assert "surestock_event_readers 0.0" in text


async def test_a_stream_that_breaks_is_cut_and_told_to_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = api.engine.records

    async def records_with_a_hole(after: int, limit: int) -> list[Record]:
        return (await whole(after, limit))[1:]

    await api.count(1)
    await api.count(2)
    monkeypatch.setattr(api.engine, "records", records_with_a_hole)
    reader = Reader(api)
    await reader.follow()
    assert (reader.ids, reader.ended) == ([], False)
    assert api.lines[-2]["event"] == "request failed"
    assert api.metrics.event_readers == 0
