"""Ask for answers that were given long ago: over HTTP, and of the index and the log alone.

Pages of index and archive are those that writing them left in the page cache.
"""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles

from benchmarks.contender import start_surestock
from benchmarks.derived.figures import KeyLookups
from benchmarks.derived.log_maker import KeyedReserve, LogMaker
from benchmarks.errors import UnsoundMeasurement
from benchmarks.process import Server
from surestock.engine.log import LogConfig
from surestock.engine.log.old import Old

_BODY = b'{"qty":1}'
_LEAST_TTL = {"IDEMP_TTL_MS": "1000"}


def look_up(directory: Path, maker: LogMaker, pairs: int, times: int) -> KeyLookups:
    """Ask for ``times`` of the first ``pairs`` reserves of a server directory, in either way."""
    chosen = Random(1)
    asked = [maker.reserve(chosen.randrange(pairs)) for _ in range(2 * times)]
    server = start_surestock(directory, "api")
    try:
        over_http = _over_http(server, asked[:times])
        resident = server.memory()
    finally:
        server.stop()
    alone, of_cpu = _alone(directory / "data", asked[times:])
    return KeyLookups(
        keys=2 * maker.pairs,
        over_http=times,
        http_p50_ms=over_http[49],
        http_p99_ms=over_http[98],
        in_process=times,
        lookup_p50_ms=alone[49],
        lookup_p99_ms=alone[98],
        lookup_cpu_p99_ms=of_cpu[98],
        resident_bytes=resident,
        without_keys_bytes=_without_keys(directory),
    )


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


def _alone(data: Path, asked: list[KeyedReserve]) -> tuple[list[float], list[float]]:
    """Return the percentiles in ms of lookups in this process: on the clock, and of CPU time."""
    old = Old(LogConfig(data / "event-log"), _refuse)
    old.refresh()
    times: list[float] = []
    of_cpu: list[float] = []
    for reserve in asked:
        begun, begun_cpu = time.perf_counter(), time.thread_time()
        record = old.answer(reserve.named.digest)
        of_cpu.append((time.thread_time() - begun_cpu) * 1e3)
        times.append((time.perf_counter() - begun) * 1e3)
        if record is None or record.sequence != reserve.sequence:
            raise UnsoundMeasurement(f"the key of record {reserve.sequence} was not found")
    return quantiles(times, n=100), quantiles(of_cpu, n=100)


def _refuse(run: Path, why: str) -> None:
    raise UnsoundMeasurement(f"{run.name}: {why}")


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
