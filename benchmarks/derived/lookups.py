"""Ask for answers that were given long ago: over HTTP, and of an engine in this process.

Pages of index and archive are those that writing them left in the page cache. The first answer out
of an archived segment costs more, since its parts have to be found: that is told apart, and every
segment has been asked once before the rest is measured.
"""

import asyncio
import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles

from benchmarks.contender import start_surestock
from benchmarks.derived.figures import KeyLookups
from benchmarks.derived.log_maker import ACTOR, KeyedReserve, LogMaker
from benchmarks.errors import UnsoundMeasurement
from benchmarks.process import Server
from surestock.engine.log import LogConfig, LogEngine
from surestock.journal.segment import all_segments
from surestock.kit.clock import SystemClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope

_BODY = b'{"qty":1}'
_LEAST_TTL = {"IDEMP_TTL_MS": "1000"}


def look_up(directory: Path, maker: LogMaker, pairs: int, times: int) -> KeyLookups:
    """Ask for ``times`` of the first ``pairs`` reserves of a server directory, in either way."""
    chosen = Random(1)
    asked = [maker.reserve(chosen.randrange(pairs)) for _ in range(2 * times)]
    firsts = [maker.reserve(pair) for pair in _one_a_segment(directory / "data", maker, pairs)]
    server = start_surestock(directory, "api")
    try:
        _over_http(server, firsts)
        over_http = _over_http(server, asked[:times])
        resident = server.memory()
    finally:
        server.stop()
    at_first, alone, of_cpu = asyncio.run(_by_engine(directory / "data", firsts, asked[times:]))
    return KeyLookups(
        keys=2 * maker.pairs,
        over_http=times,
        http_p50_ms=over_http[49],
        http_p99_ms=over_http[98],
        in_process=times,
        first_lookup_ms=at_first[49],
        lookup_p50_ms=alone[49],
        lookup_p99_ms=alone[98],
        lookup_cpu_p99_ms=of_cpu[98],
        resident_bytes=resident,
        without_keys_bytes=_without_keys(directory),
    )


def _one_a_segment(data: Path, maker: LogMaker, pairs: int) -> list[int]:
    """Return a pair out of each segment that has one; a few more, so that there are percentiles."""
    firsts = [segment.first for segment in all_segments(data / "event-log", data / "archive")]
    found = [maker.pair_after(first) for first in firsts]
    return [pair for pair in found if pair < pairs] + [0]


def _over_http(server: Server, asked: list[KeyedReserve]) -> list[float]:
    """Return the percentiles in ms of repeats over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    times: list[float] = []
    for reserve in asked:
        headers = {"Content-Type": "application/json", "Idempotency-Key": reserve.key}
        begun = time.perf_counter()
        connection.request("POST", reserve.path, _BODY, headers)
        response = connection.getresponse()
        answer = response.read()
        times.append((time.perf_counter() - begun) * 1e3)
        if response.headers["X-Commit-Sequence"] != str(reserve.sequence):
            raise UnsoundMeasurement(f"a repeat was not answered as the first: {answer[:300]!r}")
    connection.close()
    return quantiles(times, n=100)


async def _by_engine(
    data: Path, firsts: list[KeyedReserve], asked: list[KeyedReserve]
) -> tuple[list[float], list[float], list[float]]:
    """Return the percentiles in ms of repeats to an engine in this process.

    These are of ``firsts`` and of ``asked``, and of the CPU time of the latter.
    """
    engine = LogEngine(LogConfig(data / "event-log"), SystemClock(), IdSource())
    await engine.start()
    try:
        at_first = [await _repeated(engine, reserve) for reserve in firsts]
        times = [await _repeated(engine, reserve) for reserve in asked]
    finally:
        await engine.close()
    return (
        quantiles((seconds * 1e3 for seconds, _ in at_first), n=100),
        quantiles((seconds * 1e3 for seconds, _ in times), n=100),
        quantiles((of_cpu * 1e3 for _, of_cpu in times), n=100),
    )


async def _repeated(engine: LogEngine, reserve: KeyedReserve) -> tuple[float, float]:
    """Send a reserve again; return the seconds that took, on the clock and of CPU time."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    outcome = await engine.transact(Envelope(reserve.command, ACTOR, "again", reserve.named))
    taken = time.perf_counter() - begun, time.process_time() - begun_cpu
    if not outcome.replayed or outcome.sequence != reserve.sequence:
        raise UnsoundMeasurement(f"the answer of record {reserve.sequence} was not found")
    return taken


def _without_keys(directory: Path) -> int:
    """Return the resident bytes of a start on the same log, once all keys are over."""
    with _keys_aside(directory):
        server = start_surestock(directory, "api", _LEAST_TTL)
        resident = server.memory()
        server.stop()
        if list((directory / "data" / "index").glob("*.keys")):
            raise UnsoundMeasurement("keys that are over their time were indexed again")
    return resident


@contextmanager
def _keys_aside(directory: Path) -> Iterator[None]:
    index, aside = directory / "data" / "index", directory / "keys-aside"
    aside.mkdir()
    for run in index.glob("*.keys"):
        run.rename(aside / run.name)
    yield
    for run in aside.iterdir():
        run.rename(index / run.name)
