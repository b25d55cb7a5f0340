"""Hostile requests are refused or cut off, never a defect, and cost no memory."""

import asyncio
from functools import partial

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.hostile import ATTACKS, MIB, Memory, carry_out, carry_out_at_once, long_header
from tests.proof.http_client import Connection
from tests.proof.server import Server

_MOST_GROWTH = 48 * MIB
"""Twenty requests at once: a body of 2 MB each, as far as it is taken, and its JSON."""
_HEADERS_AT_ONCE = 8


async def _records(port: int) -> int:
    """Return how many records the log holds."""
    async with Connection(port) as connection:
        reply = await connection.request("PUT", "/stores/north/inventory/sku-1", b'{"onHand":9}')
        assert reply.is_success
        sequence: int = reply.json()["sequence"]
        return sequence


def _started(make_server: Fleet, tooth: str | None = None) -> Server:
    server = make_server(tooth=tooth)
    server.start()
    return server


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(20, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
)
def test_hostile_requests_are_refused_and_cost_nothing(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    server = _started(make_server)
    before = asyncio.run(_records(server.port))
    # What every request needs once, and keeps: modules, caches, the allocator's reserve.
    for make in ATTACKS.values():
        carry_out(server.port, make())
    statuses: dict[str, set[int | None]] = {name: set() for name in ATTACKS}
    with Memory(server.running.pid) as memory:
        for _ in range(rounds):
            outcomes = carry_out_at_once(server.port, [make() for make in ATTACKS.values()])
            for name, status in zip(ATTACKS, outcomes, strict=True):
                statuses[name].add(status)
    wrong = {name: got for name, got in statuses.items() if not _all_refused(got)}
    assert wrong == {}
    # None of them, nor what was hidden behind one, was carried out.
    assert asyncio.run(_records(server.port)) == before + 1
    assert "request failed" not in server.tail()
    assert memory.growth < _MOST_GROWTH
    figures.add(
        "a hostile request is refused, never a defect, and costs nothing",
        f"{len(ATTACKS)} kinds at once, {rounds} rounds",
        f"5xx = 0, carried out = 0, memory at most {memory.growth / MIB:.1f} MiB more",
    )


def _all_refused(statuses: set[int | None]) -> bool:
    return all(status is None or 400 <= status < 500 for status in statuses)


def test_a_header_of_any_size_is_not_kept(make_server: Fleet, figures: Figures) -> None:
    server = _started(make_server)
    carry_out(server.port, long_header(MIB))
    with Memory(server.running.pid) as memory:
        attacks = [long_header(20 * MIB) for _ in range(_HEADERS_AT_ONCE)]
        assert set(carry_out_at_once(server.port, attacks)) <= {431, None}
    assert memory.growth < 16 * MIB
    figures.add(
        "a head is not collected",
        f"{_HEADERS_AT_ONCE} headers of 20 MB at once",
        f"431 or closed, memory at most {memory.growth / MIB:.1f} MiB more",
    )


def test_the_proof_catches_a_server_that_collects_heads(
    make_server: Fleet, figures: Figures
) -> None:
    server = _started(make_server, "endless-heads")
    with Memory(server.running.pid) as memory:
        # None of them ends before the server has taken most of all of them.
        grown = partial(memory.await_growth, 16 * MIB)
        attacks = [long_header(4 * MIB, grown) for _ in range(_HEADERS_AT_ONCE)]
        assert set(carry_out_at_once(server.port, attacks)) == {200}
    assert memory.growth > 16 * MIB
    figures.add("tooth: endless heads", "headers of 4 MB", f"{memory.growth / MIB:.1f} MiB more")
