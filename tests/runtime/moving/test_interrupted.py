"""A move that is interrupted goes on where it was, whenever that is, and as often as it is."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from surestock.kit import failpoints
from surestock.runtime.moving import Proof, to_log
from surestock.runtime.offline.tables import session
from tests.runtime.moving.premises import (
    CHUNK,
    Premises,
    Silence,
    Struck,
    again,
    records_of,
    struck,
)


class Strikes:
    """Interrupts at the next passage of a failpoint, and lets one more pass each time after."""

    def __init__(self, *names: str) -> None:
        self.passed = 0
        self.struck = 0
        self._left = 0
        for name in names:
            failpoints.arm(name, self._pass)

    def _pass(self) -> None:
        if self._left == 0:
            self.struck += 1
            struck()
        self._left -= 1
        self.passed += 1

    def allow(self, passages: int) -> None:
        """Let so many pass."""
        self._left = passages


async def _until_it_ends(
    move: Callable[[Silence], Awaitable[Proof]], strikes: Strikes, allowed: int
) -> Proof:
    """Give the same command again until it comes to its end."""
    for _ in range(200):
        strikes.allow(allowed)
        try:
            return await move(Silence())
        except Struck:
            continue
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("name", ["move.commit", "move.committed"])
async def test_a_move_is_interrupted_at_every_chunk(premises: Premises, name: str) -> None:
    """Each run comes one chunk further, and is struck inside or behind the next."""
    chunks = -(-len(records_of(premises.shop)) // CHUNK)
    strikes = Strikes(name)
    allowed = 1 if name == "move.commit" else 0
    proof = await _until_it_ends(premises.move, strikes, allowed)
    assert strikes.struck >= chunks - 1
    assert await premises.records() == records_of(premises.shop)
    assert (await premises.audit()).findings == []
    assert proof.moved < proof.proved == len(records_of(premises.shop))


async def test_a_move_is_interrupted_at_every_step_of_its_end(premises: Premises) -> None:
    for name in ("move.state", "move.end"):
        failpoints.arm(name, struck)
        with pytest.raises(Struck):
            await premises.move()
        failpoints.disarm_all()
        assert await premises.ask("SELECT * FROM surestock.levels") == [], "all of it, or nothing"
    watcher = Silence()
    proof = await premises.move(watcher)
    assert (proof.moved, watcher.went_on) == (0, len(records_of(premises.shop)))
    assert (await premises.audit()).findings == []


async def test_the_log_may_grow_between_two_runs(premises: Premises) -> None:
    failpoints.arm("move.end", struck)
    with pytest.raises(Struck):
        await premises.move()
    failpoints.disarm_all()
    await asyncio.to_thread(premises.shop.sell, 1, "later")
    proof = await premises.move()
    assert proof.moved == 3
    assert await premises.records() == records_of(premises.shop)


async def test_the_way_back_is_interrupted_at_every_line(premises: Premises) -> None:
    await premises.move()
    strikes = Strikes("move.commit")
    proof = await _until_it_ends(premises.move_back, strikes, 0)
    assert strikes.struck == -(-len(records_of(premises.shop)) // CHUNK)
    assert records_of(again(premises.shop, premises.back)) == records_of(premises.shop)
    assert proof.moved == 0


async def test_the_way_back_is_cut_off_in_the_middle_of_a_line(premises: Premises) -> None:
    """As when the machine stops: a part of a long line is there, of which nobody was told."""
    await premises.move()
    strikes = Strikes("move.commit")
    strikes.allow(2)
    with pytest.raises(Struck):
        await premises.move_back()
    failpoints.disarm_all()
    [segment] = sorted((premises.back / "event-log.moving").glob("*.ndjson"))
    whole = segment.read_bytes()
    segment.write_bytes(whole + b'{"crc":"' + b"0" * len(whole) * 10)
    watcher = Silence()
    proof = await premises.move_back(watcher)
    assert watcher.went_on == 3 * CHUNK
    assert proof.moved == proof.proved - 3 * CHUNK
    assert records_of(again(premises.shop, premises.back)) == records_of(premises.shop)


async def test_the_last_step_of_the_way_back_is_interrupted(premises: Premises) -> None:
    await premises.move()
    failpoints.arm("move.end", struck)
    with pytest.raises(Struck):
        await premises.move_back()
    assert not (premises.back / "event-log").exists(), "nobody can serve from it yet"
    failpoints.disarm_all()
    await premises.move_back()
    assert records_of(again(premises.shop, premises.back)) == records_of(premises.shop)


async def test_a_long_proof_does_not_lose_the_connection(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends transactions that idle for a step's time, but not this one."""
    await premises.move()
    monkeypatch.setattr(session, "_A_STEP_S", 6.0)
    slow = to_log._prove  # noqa: SLF001 - it takes as long as it takes

    def slower(*arguments: Any) -> dict[str, int]:
        time.sleep(7.0)
        return slow(*arguments)

    monkeypatch.setattr(to_log, "_prove", slower)
    await premises.move_back()
