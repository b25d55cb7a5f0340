"""A process that is stopped in the middle of a write: nobody else writes, everybody reads."""

import asyncio
import fcntl
import os
import random
import signal
from dataclasses import dataclass, field
from itertools import count, takewhile
from pathlib import Path

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import Crowd, adjust, opening, path_of, said
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger
from tests.proof.several import Several, leases_in
from tests.real.steady import steady_time

_CLIENTS = 8
_READS = 50
_WAITS_S, _LOOK_EVERY_S = 4.0, 0.002
_ROUNDS = [2, pytest.param(10, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_IMPATIENT_S = 8.0


def somebody_writes(data_dir: Path) -> bool:
    """Tell whether a process has the writer lock."""
    fd = os.open(data_dir / "event-log" / "writer", os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


@dataclass
class Stops:
    """Rounds in which the first of two processes is stopped while it has the writer lock.

    The clients of it, ``crowd``, change one SKU by 1, on and on. ``wrong`` says what the other one
    did wrong, ``reads`` counts its answers meanwhile; it has ``within_s`` for them all.
    """

    several: Several
    crowd: Crowd
    at_the_other: Crowd
    within_s: float = 200.0
    declined: int = 0
    reads: int = 0
    wrong: list[str] = field(default_factory=list)

    async def play(self, number: int) -> None:
        """Stop the writer; ask the other process; let the writer go on, or kill it."""
        writer, other = self.several.servers
        over = asyncio.Event()
        numbers = takewhile(lambda _: not over.is_set(), count())
        changes = (adjust(f"change-{number}-{it}", 1) for it in numbers)
        declined = adjust(f"declined-{number}", 1, "other")

        async def stop() -> None:
            await self.crowd.reach(
                self.crowd.ledger.acknowledged + self.several.dice.randint(9, 99)
            )
            await self._stop_while_writing()
            async with (
                asyncio.timeout(self.within_s),
                Connection(other.port) as connection,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(self.crowd.send(connection, declined))
                await self._waits("process-1", "north/other")
                await self._read(other.port)
            if number % 2:
                writer.kill()
            else:
                os.killpg(writer.running.pid, signal.SIGCONT)
            over.set()
            if said(declined.reply) != "503 Overloaded":
                self.wrong.append(f"a change was answered with {said(declined.reply)}")
            self.declined += 1
            await self.at_the_other.settle(declined)
            if not writer.is_alive:
                await asyncio.to_thread(writer.start)

        await self.crowd.run(changes, _CLIENTS, stop)

    async def _stop_while_writing(self) -> None:
        writer = self.several.servers[0]
        while True:
            await asyncio.sleep(self.several.dice.random() * 0.01)
            writer.freeze()
            if somebody_writes(self.several.data_dir):
                return
            os.killpg(writer.running.pid, signal.SIGCONT)

    async def _waits(self, owner: str, key: str) -> None:
        """Return once a process has the lease that comes before its turn at the log.

        It may have been declined already, and have none, where this test stood still for so long.
        """
        directory, until = self.several.data_dir / "locks", steady_time() + _WAITS_S
        while leases_in(directory).get(key) != owner and steady_time() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _read(self, port: int) -> None:
        """Read at the other process: all that was accepted, and nothing that was not sent."""
        operations = self.crowd.ledger.operations.values()
        async with Connection(port) as connection:
            for _ in range(_READS):
                changes = [each for each in operations if each.effects[0].sku == "hot"]
                accepted = sum(each.effects[0].on_hand for each in changes if each.is_acknowledged)
                sent = sum(each.effects[0].on_hand for each in changes)
                level = await connection.get(path_of("hot"))
                self.reads += 1
                if not accepted <= level["onHand"] <= sent:
                    self.wrong.append(f"{level} was read, {accepted} were accepted, {sent} sent")


def _stops(make_server: Fleet, seed: int, *teeth: str | None) -> Stops:
    dice = random.Random(seed)
    several = Several(make_server, dice, 2, teeth, LOCK_TTL_MS="400", LOCK_RENEW_MS="200")
    several.begin()
    ledger = Ledger()
    writer, other = several.servers
    crowd = Crowd(lambda: writer.port, ledger, dice)
    for sku in ("hot", "other"):
        asyncio.run(crowd.settle(opening(100, sku)))
    return Stops(several, crowd, Crowd(lambda: other.port, ledger, dice))


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_while_a_writer_stands_still_others_decline_in_time_and_read_what_is_right(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    stops = _stops(make_server, rounds)
    for number in range(rounds):
        asyncio.run(stops.play(number))
        asyncio.run(stops.at_the_other.settle(adjust(f"after-{number}", -1)))
    assert (stops.wrong, stops.crowd.faults, stops.at_the_other.faults) == ([], [], [])
    for server in stops.several.servers:
        asyncio.run(Audit().judge(server.port, stops.crowd.ledger)).require_clean()
    assert stops.several.end() == [0, 0]
    figures.add(
        "a writer that stands still holds up the writes, and nothing else",
        f"SIGSTOP with the writer lock, then SIGCONT or kill -9, {rounds} rounds",
        f"declined {stops.declined}, right reads {stops.reads}, "
        f"acknowledged {stops.crowd.ledger.acknowledged:,}, lost 0",
    )


def test_the_proof_catches_a_process_that_waits_for_its_turn_and_does_nothing_else(
    make_server: Fleet, figures: Figures
) -> None:
    stops = _stops(make_server, 3, None, "blocking-turn")
    stops.within_s = _IMPATIENT_S
    with pytest.raises(BaseExceptionGroup) as caught:
        asyncio.run(stops.play(0))
    assert caught.value.subgroup(TimeoutError)
    assert stops.reads < _READS
    figures.add("tooth: blocking-turn", "the same, once", f"reads that were answered {stops.reads}")
