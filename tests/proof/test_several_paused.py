"""A process that stands still keeps its place in nothing: it never writes what is stale."""

import asyncio
import fcntl
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.proof.crowd import Crowd, adjust, opening, path_of, said
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger, Operation
from tests.proof.server import Server
from tests.proof.several import Several, is_guarded, leases_in

_PATH = path_of("hot")
_LEASES = {"LOCK_TTL_MS": "200", "LOCK_RENEW_MS": "150"}
_ROUNDS = [5, pytest.param(50, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
_WITHIN_S = 200


@contextmanager
def turn_of_nobody(data_dir: Path) -> Iterator[None]:
    """Keep every process from its turn at the log."""
    fd = os.open(data_dir / "event-log" / "writer", os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@dataclass
class Pauses:
    """Rounds in which the first of two processes stands still between its lease and its decision.

    ``first_answers`` are those of the paused one; ``unfresh`` are its reads that showed less than
    what the other one had answered.
    """

    several: Several
    crowd: Crowd
    first_answers: Counter[str] = field(default_factory=Counter)
    unfresh: list[str] = field(default_factory=list)
    _version: int = 1

    async def play(self, number: int) -> None:
        """Let one be overtaken; then its client tries again."""
        paused, other = self.several.servers
        expected = self._version if number % 2 else None
        late = adjust(f"late-{number}", self.several.dice.randint(1, 9), version=expected)
        first = adjust(f"first-{number}", -self.several.dice.randint(1, 9))
        async with (
            asyncio.timeout(_WITHIN_S),
            Connection(paused.port) as at_paused,
            Connection(paused.port) as reading,
            asyncio.TaskGroup() as group,
        ):
            with turn_of_nobody(self.several.data_dir):
                waiting = group.create_task(self.crowd.send(at_paused, late))
                await self._have_lease("process-0")
                paused.freeze()
            await self._settle_at(other, first)
            os.killpg(paused.running.pid, signal.SIGCONT)
            level = await reading.get(_PATH)
            await waiting
        if first.reply is None or level["version"] < first.reply.json()["version"]:
            self.unfresh.append(f"{level} after {first.reply}")
        self.first_answers[said(late.reply)] += 1
        await self.crowd.settle(late)
        self._version = max(self._version, *(it[1] for it in self.accepted()))

    async def _have_lease(self, owner: str) -> None:
        """Wait until ``owner`` has the lease, and is done with taking it.

        Who is paused in the middle of that keeps its guard: then the other one goes on without a
        lease, and takes none over.
        """
        directory = self.several.data_dir / "locks"
        while leases_in(directory).get("north/hot") != owner or is_guarded(directory):  # noqa: ASYNC110 - files
            await asyncio.sleep(0)

    async def _settle_at(self, server: Server, operation: Operation) -> None:
        """Ask one process until it is done: while the lease lasts, it declines."""
        async with Connection(server.port) as connection:
            while operation.is_unanswered:
                await self.crowd.send(connection, operation)
                await asyncio.sleep(0.005)

    def accepted(self) -> list[tuple[int, int, int, int]]:
        """Return (sequence, version, on-hand, change) of each accepted change, in order."""
        return sorted(
            (each.sequence, each.reply.json()["version"], each.reply.json()["onHand"], change)
            for each in self.crowd.ledger.operations.values()
            for change in [each.effects[0].on_hand]
            if each.is_acknowledged and each.reply is not None
        )

    def stale(self) -> int:
        """Return how many accepted changes don't rest on the one before them."""
        level = (0, 0)
        stale = 0
        for _, version, on_hand, change in self.accepted():
            stale += (version, on_hand) != (level[0] + 1, level[1] + change)
            level = version, on_hand
        return stale


def _pauses(make_server: Fleet, teeth: tuple[str, ...]) -> Pauses:
    dice = random.Random(11)
    several = Several(make_server, dice, 2, teeth, **_LEASES)
    several.begin()
    pauses = Pauses(several, Crowd(lambda: several.port, Ledger(), dice))
    asyncio.run(pauses.crowd.settle(opening(10_000)))
    return pauses


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_who_is_paused_past_its_lease_and_overtaken_writes_nothing(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    pauses = _pauses(make_server, ("patient-turn",))
    for number in range(rounds):
        asyncio.run(pauses.play(number))
    assert pauses.first_answers == {"503 LockLost": rounds}
    assert (pauses.stale(), pauses.unfresh, pauses.crowd.faults) == (0, [], [])
    conflicts = pauses.crowd.told["VersionConflict"]
    assert conflicts == rounds // 2, "who expected a version is told that it is gone"
    assert pauses.accepted()[-1][1] == 1 + 2 * rounds - conflicts
    assert pauses.several.end() == [0, 0]
    figures.add(
        "a paused holder never writes after it was superseded",
        f"SIGSTOP between lease and decision, past the TTL, steal, SIGCONT, {rounds} rounds",
        f"stale writes 0, LockLost {pauses.crowd.told['LockLost']}, "
        f"LockHeld until the lease was over {pauses.crowd.told['LockHeld']}",
    )


@pytest.mark.parametrize(("tooth", "caught"), [("no-lease-check", False), ("stale-turn", True)])
def test_the_proof_catches_who_does_not_look_again(
    make_server: Fleet, figures: Figures, tooth: str, *, caught: bool
) -> None:
    """Without a look at the lease nothing stale is written yet, and nobody is told ``LockLost``."""
    pauses = _pauses(make_server, (tooth,))
    asyncio.run(pauses.play(0))
    assert pauses.first_answers == {"200": 1}
    assert bool(pauses.stale()) is caught
    figures.add(
        f"tooth: {tooth}",
        "the same, once",
        f"answers {dict(pauses.first_answers)}, stale writes {pauses.stale()}",
    )
