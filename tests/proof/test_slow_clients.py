"""Clients that are idle or slow are let go in time, and nobody else notices them."""

import asyncio
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.proof.broken.web import BODY_S, HEAD_S, IDLE_S
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection

_LIMITS = {"idle": IDLE_S, "slow head": HEAD_S, "slow body": BODY_S}
_ROOT = Path(__file__).parents[2]
_WORKERS = 4
_TRIES = 4
_LATE = 2.0
"""How many times as long as it may a client was there, at most: the look, and a noisy machine."""
_PAUSE_S = 0.004
"""Between two requests of a worker: a machine that is full shows nothing but that."""
_SLOWER = 1.5
_PATH = "/stores/north/inventory/sku-1"

Kept = dict[str, list[float | None]]


async def _work(port: int, until: asyncio.Event, taken: list[float]) -> None:
    async with Connection(port) as connection:
        while not until.is_set():
            began = time.perf_counter()
            reply = await connection.request("POST", f"{_PATH}/reserve", b'{"qty":1}')
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE_S)
            assert reply.status == 200


async def _p99(port: int, until: asyncio.Event) -> float:
    """Work until told; return the seconds that the slowest hundredth took at least."""
    taken: list[float] = []
    async with asyncio.TaskGroup() as workers:
        for _ in range(_WORKERS):
            workers.create_task(_work(port, until, taken))
    return statistics.quantiles(taken, n=100)[98]


async def _alone(port: int, seconds: float) -> float:
    until = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, until.set)
    return await _p99(port, until)


async def _among_slow_ones(port: int, number: int) -> tuple[Kept, float]:
    give_up_s = 3 * max(_LIMITS.values())
    words = ("-m", "tests.proof.slow_clients", str(port), str(number), str(give_up_s))
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=_ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert crowd.stdout is not None
    assert await crowd.stdout.readline() == b"open\n"
    until = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        p99 = tasks.create_task(_p99(port, until))
        kept = msgspec.json.decode(await crowd.stdout.readline(), type=Kept)
        until.set()
    assert await crowd.wait() == 0
    return kept, p99.result()


async def _rounds(port: int, number: int, rounds: int) -> tuple[list[Kept], float]:
    """Return how long the slow were kept, by round, and how much slower others were for them.

    Both kinds of rounds take turns, and of each the median counts, so that what else goes on in the
    machine changes both alike.
    """
    async with Connection(port) as connection:
        assert (await connection.request("PUT", _PATH, b'{"onHand":100000000}')).is_success
    everybody: list[Kept] = []
    p99_alone, p99_among = [], []
    for _ in range(rounds):
        p99_alone.append(await _alone(port, IDLE_S))
        kept, among = await _among_slow_ones(port, number)
        everybody.append(kept)
        p99_among.append(among)
    return everybody, statistics.median(p99_among) / statistics.median(p99_alone)


def _worst(everybody: list[Kept]) -> dict[str, float]:
    """Return the longest that one of each kind was kept until it went, in times of what it may."""
    worst = {}
    for kind, limit in _LIMITS.items():
        gone = [kept for each in everybody for kept in each[kind] if kept is not None]
        assert min(gone) > 0.5 * limit, f"{kind}: one was let go too early"
        worst[kind] = max(gone) / limit
    return worst


def _require_gone(everybody: list[Kept]) -> None:
    """Raise ``AssertionError`` where one was not let go at all."""
    for kind in _LIMITS:
        left = [kept for each in everybody for kept in each[kind]].count(None)
        assert left == 0, f"{left} of {kind} are still there"


def _in_time(port: int, number: int, rounds: int) -> tuple[dict[str, float], float]:
    """Return the longest that each kind was kept, which is not for long, and how others did.

    Who is late, or seems early, may only have stood still. So where there is one round, not a long
    proof of many, it is looked at again, a few times.
    """
    for _ in range(_TRIES - 1 if rounds == 1 else 0):
        everybody, slower = asyncio.run(_rounds(port, number, rounds))
        _require_gone(everybody)
        with suppress(AssertionError):
            worst = _worst(everybody)
            if max(worst.values()) < _LATE:
                return worst, slower
    everybody, slower = asyncio.run(_rounds(port, number, rounds))
    _require_gone(everybody)
    worst = _worst(everybody)
    assert max(worst.values()) < _LATE
    return worst, slower


@pytest.mark.parametrize(
    ("number", "rounds"),
    [(30, 1), pytest.param(500, 9, marks=[pytest.mark.prove, pytest.mark.timeout(600)])],
)
def test_slow_clients_are_let_go_and_others_do_not_notice(
    make_server: Fleet, figures: Figures, number: int, rounds: int
) -> None:
    server = make_server(tooth="impatient-web")
    server.start()
    worst, slower = _in_time(server.port, number, rounds)
    if rounds > 1:
        assert slower <= _SLOWER
    figures.add(
        "a slow client holds nothing",
        f"{number} idle, {number} with slow heads, {number} with slow bodies, {rounds} rounds",
        ", ".join(f"{kind}: gone after {times:.2f} × its limit" for kind, times in worst.items())
        + f"; others' p99 × {slower:.2f}",
    )


@pytest.mark.parametrize(
    ("tooth", "kind"),
    [
        ("patient-with-heads", "slow head"),
        pytest.param("patient-with-bodies", "slow body", marks=pytest.mark.prove),
        pytest.param("patient-with-idlers", "idle", marks=pytest.mark.prove),
    ],
)
def test_the_proof_catches_a_server_without_a_limit(
    make_server: Fleet, figures: Figures, tooth: str, kind: str
) -> None:
    server = make_server(tooth=tooth)
    server.start()
    everybody, _ = asyncio.run(_rounds(server.port, 5, 1))
    with pytest.raises(AssertionError, match=f"5 of {kind} are still there"):
        _require_gone(everybody)
    figures.add(f"tooth: {tooth}", f"5 clients: {kind}", "still there")
