"""Clients that change stock at several processes, on and on, while blows fall on the database."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from tests.proof.audit import Audit, Verdict
from tests.proof.crowd import adjust
from tests.proof.ledger import Ledger
from tests.proof.patient import Patient
from tests.proof.several import Several
from tests.proof.workload import Workload

Blow: TypeAlias = Callable[[], None]

_CLIENTS = 24
_BETWEEN = (30, 200)


def nothing() -> None:
    """Leave the database as it is."""


@dataclass
class Storm:
    """``crowd`` are the clients; ``healed_s`` has of each blow how long it took in seconds.

    That is from the blow until every process has carried out a change that it was asked for then.
    """

    several: Several
    crowd: Patient
    workload: Workload
    healed_s: list[float] = field(default_factory=list)

    async def play(self, blows: Sequence[Blow], aftermath: Blow = nothing) -> None:
        """Strike under load, each time some operations after all has healed, and ``aftermath``."""
        self.crowd.learn = self.workload.learn
        await self.crowd.run(self.workload.opening(), _CLIENTS)
        over = asyncio.Event()

        async def strike() -> None:
            for number, blow in enumerate(blows):
                between = self.crowd.dice.randint(*_BETWEEN)
                await self.crowd.reach(self.crowd.ledger.acknowledged + between)
                began = time.monotonic()
                await asyncio.to_thread(blow)
                await self._healed(number)
                self.healed_s.append(time.monotonic() - began)
                await asyncio.to_thread(aftermath)
            over.set()

        made = takewhile(lambda _: not over.is_set(), iter(self.workload.next, None))
        await self.crowd.run(made, _CLIENTS, strike)

    async def _healed(self, number: int) -> None:
        """Return once every process has carried out a change that it was sent now."""

        async def ask(place: int) -> None:
            ports = self.several.servers[place].port
            crowd = Patient(lambda: ports, self.crowd.ledger, self.crowd.dice)
            await crowd.settle(adjust(f"probe-{number}-{place}", 1, "sku-1"))
            self.crowd.faults += crowd.faults

        await asyncio.gather(*(ask(place) for place in range(len(self.several.servers))))

    def judge(self) -> Verdict:
        """Compare what is served with what the clients were told."""
        return asyncio.run(Audit().judge(self.several.port, self.crowd.ledger))

    def times(self) -> str:
        """Return the times to heal in words."""
        told = sorted(self.healed_s)
        return f"median {told[len(told) // 2]:.1f} s, longest {told[-1]:.1f} s"


def brew(several: Several, seed: int, within_s: float) -> Storm:
    """Return a storm over processes that run; all of it has ``within_s`` seconds."""
    dice = several.dice
    crowd = Patient(lambda: several.port, Ledger(), dice, within_s=within_s)
    return Storm(several, crowd, Workload(dice, f"run{seed}"))
