"""Many follow the events while thousands a second come in: each gets all; who sleeps is dropped."""

import asyncio
import time
from contextlib import ExitStack, closing
from pathlib import Path

import orjson
import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.followers import Follower, Sleeper
from tests.proof.http_client import Connection
from tests.proof.server import Server

_ROWS = 250
_SKUS = 500
_PACE = 5_000
_LOOK_EVERY_S = 0.1
_PATIENCE_S = 60
_MIB = 1024 * 1024
_MOST_GROWTH = 96 * _MIB
"""For all readers: a page and a transport's high water each, and what the log itself needs."""


def _rows(first: int, reason: str) -> bytes:
    said = {"reason": reason} if reason else {}
    rows = [
        {"op": "count", "storeId": "north", "sku": f"sku-{number % _SKUS}", "onHand": number} | said
        for number in range(first, first + _ROWS)
    ]
    return orjson.dumps({"operations": rows})


def _rss(server: Server) -> int:
    """Return the resident memory of the API process, in bytes."""
    pid = server.running.pid
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


class Watch:
    """The highest memory of a server since now, against what it was."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._begin = self.peak = _rss(server)

    @property
    def growth(self) -> int:
        """How much more it was at its peak, in bytes."""
        return self.peak - self._begin

    async def look(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.peak = max(self.peak, _rss(self._server))
            await asyncio.sleep(_LOOK_EVERY_S)


async def _write(port: int, records: int, reason: str) -> float:
    """Write so many records in batches, no more than 5,000 a second; return the seconds."""
    began = time.monotonic()
    async with Connection(port) as connection:
        for first in range(0, records, _ROWS):
            ahead_s = first / _PACE - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, ahead_s))
            reply = await connection.request("POST", "/inventory/batch", _rows(first, reason))
            assert reply.is_success
    return time.monotonic() - began


async def _until_cut_off(sleepers: list[Sleeper], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not all(sleeper.is_cut_off for sleeper in sleepers):
        assert time.monotonic() < deadline, "a reader that never reads is still there"
        await asyncio.sleep(_LOOK_EVERY_S)


async def _until_grown(watch: Watch, within_s: float) -> None:
    """Wait for what the server still keeps for others, when the one that reads has all."""
    deadline = time.monotonic() + within_s
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch.look())
        while watch.growth <= _MOST_GROWTH and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY_S)
        watching.cancel()


async def _crowd(
    server: Server,
    watch: Watch,
    readers: int,
    sleepers: list[Sleeper],
    records: int,
    reason: str = "",
) -> tuple[list[Follower], float]:
    """Let all read while records are written; return the followers and the seconds of writing."""
    followers = [Follower(keeps=number == 0, goal=records) for number in range(readers)]
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch.look())
        reading = [tasks.create_task(each.follow(server.port)) for each in followers]
        seconds = await _write(server.port, records, reason)
        await asyncio.gather(*reading)
        await _until_cut_off(sleepers, _PATIENCE_S)
        watching.cancel()
    return followers, seconds


@pytest.mark.parametrize(
    ("readers", "asleep", "records", "tooth"),
    [
        (8, 40, 10_000, "impatient-feed"),
        pytest.param(50, 5, 150_000, None, marks=[pytest.mark.prove, pytest.mark.timeout(1_200)]),
    ],
)
def test_every_reader_gets_every_record_and_who_never_reads_is_dropped(
    make_server: Fleet,
    figures: Figures,
    readers: int,
    asleep: int,
    records: int,
    tooth: str | None,
) -> None:
    server = make_server(tooth=tooth)
    server.start()
    watch = Watch(server)
    with ExitStack() as stack:
        sleepers = [stack.enter_context(closing(Sleeper(server.port))) for _ in range(asleep)]
        followers, seconds = asyncio.run(_crowd(server, watch, readers, sleepers, records))
    first = followers[0]
    seen = first.records()
    assert [record["sequence"] for record in seen] == list(range(1, records + 1))
    assert {(each.last, each.size, each.sum) for each in followers} == {
        (records, first.size, first.sum)
    }
    assert watch.growth < _MOST_GROWTH
    figures.add(
        "every reader of the events gets each, in order; who never reads costs nothing",
        f"{readers} readers and {asleep} that never read, {records:,} records in batches, "
        f"{records / seconds:,.0f} a second",
        f"{readers} × {records:,} in order without a gap ({first.size / _MIB:,.0f} MiB each), "
        f"{asleep} dropped, memory at most {watch.growth / _MIB:,.0f} MiB more",
    )


def test_the_proof_catches_a_feed_that_waits_for_ever(make_server: Fleet, figures: Figures) -> None:
    server = make_server(tooth="endless-patience")
    server.start()
    with closing(Sleeper(server.port)) as sleeper:
        asyncio.run(_crowd(server, Watch(server), 1, [], 10_000))
        with pytest.raises(AssertionError, match="still there"):
            asyncio.run(_until_cut_off([sleeper], 3))
    figures.add("tooth: endless patience", "one that never reads", "still there")


def test_the_proof_catches_a_feed_that_keeps_what_is_not_taken(
    make_server: Fleet, figures: Figures
) -> None:
    server = make_server(tooth="no-backpressure")
    server.start()
    watch = Watch(server)
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(closing(Sleeper(server.port)))
        asyncio.run(_crowd(server, watch, 1, [], 10_000, "r" * 255))
        asyncio.run(_until_grown(watch, _PATIENCE_S))
    assert watch.growth > _MOST_GROWTH
    grown = f"memory {watch.growth / _MIB:,.0f} MiB more"
    figures.add("tooth: no backpressure", "60 that never read, 10,000 records", grown)
