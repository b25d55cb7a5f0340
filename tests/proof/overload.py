"""A server under crowds of clients: phases that are measured one after the other, and an audit.

Capacity and overload are measured by turns in one run, so that what else goes on in the machine
changes both alike.
"""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.proof.audit import Audit, Verdict
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection, Reply
from tests.proof.ledger import Effect, Ledger, Operation
from tests.proof.overload_phase import Phase
from tests.proof.overload_probe import Probed
from tests.proof.overload_terms import Group, Order, Report
from tests.proof.server import Server
from tests.proof.workload import STORES

_ON_HAND = 10**9
_LOOK_EVERY_S = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_ROOT = Path(__file__).parents[2]
_EFFECTS = {"reserve": (0, 1), "adjust": (1, 0), "commit": (-1, -1)}


@dataclass(slots=True)
class Stage:
    """A server, and what its clients were told so far."""

    server: Server
    folder: Path
    skus: int = 500
    phases: list[Phase] = field(default_factory=list)
    _opened: list[Operation] = field(default_factory=list)

    async def open_levels(self) -> None:
        """Count in so much of everything that nothing runs out."""
        async with Connection(self.server.port) as connection:
            for store in STORES:
                for number in range(self.skus):
                    await self._open(connection, store, f"sku-{number}")

    async def _open(self, connection: Connection, store: str, sku: str) -> None:
        path, marker = f"/stores/{store}/inventory/{sku}", f"open-{store}-{sku}"
        body = {"onHand": _ON_HAND, "reason": marker}
        effects = (Effect(store, sku, _ON_HAND, 0),)
        operation = Operation(marker, "PUT", path, body, marker, effects)
        while not operation.is_acknowledged:
            operation.reply = await connection.request("PUT", path, operation.encoded(), marker)
            if operation.reply.status in {429, 503}:
                time.sleep(int(operation.reply.headers["retry-after"]))
            else:
                assert operation.is_acknowledged, operation.reply
        self._opened.append(operation)

    def rss(self) -> int:
        """Return the resident memory of the API process, in bytes."""
        pages = int(Path(f"/proc/{self.server.running.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def restart(self) -> int:
        """End the process and start another; return the memory that it takes, in bytes."""
        assert self.server.stop() == 0
        self.server.start()
        return self.rss()

    def _cpu_s(self) -> float:
        stat = Path(f"/proc/{self.server.running.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICKS

    def run(self, name: str, groups: list[Group], seconds: float, *, polite: bool = False) -> Phase:
        """Let a crowd loose on the server, and probes beside it."""
        order = Order(
            port=self.server.port,
            run=f"run{len(self.phases)}",
            groups=groups,
            seconds=seconds,
            acknowledged=str(self.folder / "acknowledged.txt"),
            polite=polite,
            skus=self.skus,
        )
        probe = _start("tests.proof.overload_probe", str(self.server.port))
        swarm = _start("tests.proof.overload_swarm")
        try:
            assert swarm.stdin is not None
            swarm.stdin.write(msgspec.json.encode(order))
            swarm.stdin.close()
            swarm.stdin = None
            cpu_s, peak = self._cpu_s(), self.rss()
            while swarm.poll() is None:
                peak = max(peak, self.rss())
                time.sleep(_LOOK_EVERY_S)
            report = msgspec.json.decode(_finish(swarm), type=Report)
            cpu_s = self._cpu_s() - cpu_s
            probed = msgspec.json.decode(_finish(probe), type=Probed)
        finally:
            for process in (swarm, probe):
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()
        phase = Phase(name, report, probed, cpu_s, peak)
        self.phases.append(phase)
        return phase

    async def judge(self) -> Verdict:
        """Compare what is on record with all that was acknowledged."""
        ledger = Ledger()
        for operation in [*self._opened, *self._acknowledged()]:
            ledger.submit(operation)
            ledger.acknowledged += 1
        return await Audit().judge(self.server.port, ledger)

    def _acknowledged(self) -> list[Operation]:
        found = []
        for line in (self.folder / "acknowledged.txt").read_text().splitlines():
            kind, store, sku, marker, sequence = line.split(" ")
            effects = (Effect(store, sku, *_EFFECTS[kind]),)
            reply = Reply(200, {"x-commit-sequence": sequence}, b"")
            found.append(Operation(marker, "POST", "", {}, marker, effects, reply))
        return found


def staged(
    fleet: Fleet,
    folder: Path,
    settings: dict[str, str],
    *,
    role: str = "api",
    tooth: str | None = None,
    skus: int = 500,
) -> Stage:
    """Start a server in ``folder``, and open its levels."""
    server = fleet(folder / "data", role=role, settings=settings, tooth=tooth)
    server.start()
    stage = Stage(server, folder, skus)
    asyncio.run(stage.open_levels())
    return stage


def _start(module: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _finish(process: subprocess.Popen[bytes]) -> bytes:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, f"{process.args!r} ended with {process.returncode}"
    return out
