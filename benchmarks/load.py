"""Load from wrk: one bounded run against a loopback server, and what it saw.

wrk because it is cheap: on two cores a generator written in Python would be what is measured.
Its own CPU time is reported with each run, so that a run that wrk limited is not mistaken for
one that the server limited.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from benchmarks.errors import SetupError, UnsoundMeasurement
from benchmarks.plan import Plan

_SCRIPTS: Final = Path(__file__).parent / "lua"
_MARK: Final = "OUTCOME "


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: single reserves, batches of ``rows``, adds to the carts of ``users``, or a mix.

    Over ``skus`` SKUs. A mix is reserves with ``reads`` percent of reads. ``shared``: answers that
    say that another process has the lease are counted apart. ``crowd`` times as many clients send
    as the plan says.
    """

    script: Literal["reserve", "batch", "cart", "mix"]
    skus: int
    keyed: bool = True
    rows: int = 1
    users: int = 0
    reads: int = 0
    shared: bool = False
    crowd: int = 1

    @property
    def at_once(self) -> int:
        """Operations that may be on their way, for each connection of the plan."""
        return self.rows * self.crowd

    def arguments(self) -> list[str]:
        """Return the script's arguments, with a nonce that no other run has used."""
        keys = "keyed" if self.keyed else "bare"
        numbers = [str(self.rows), str(self.users), str(self.reads)]
        nonce, refusals = secrets.token_hex(12), "shared" if self.shared else "alone"
        return [str(self.skus), nonce, keys, *numbers, refusals]


class Outcome(msgspec.Struct, frozen=True):
    """What wrk saw; times in microseconds, ``wrk_cpu_s`` in seconds.

    ``held`` counts refusals because another process has the lease, which are no errors; ``writes``
    counts the writes of a mix, also those that were on their way at the end.
    """

    requests: int
    duration_us: int
    status_errors: int
    socket_errors: int
    p50_us: int
    p99_us: int
    held: int
    writes: int
    wrk_cpu_s: float = 0.0


def find_wrk() -> str:
    """Return the path of wrk, or raise SetupError."""
    found = shutil.which("wrk")
    if found is None:
        raise SetupError("wrk is missing: install it (Debian: apt-get install wrk).")
    return found


def run_load(load: Load, port: int, plan: Plan, seconds: int) -> Outcome:
    """Send ``load`` to the server on ``port`` for ``seconds`` seconds.

    Raises UnsoundMeasurement when wrk itself fails.
    """
    command = [
        find_wrk(),
        f"-t{plan.threads}",
        f"-c{plan.connections * load.crowd}",
        f"-d{seconds}s",
        "--timeout=10s",
        f"--script={load.script}.lua",
        f"http://127.0.0.1:{port}",
        "--",
        *load.arguments(),
    ]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=_SCRIPTS, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    told = [line for line in text.splitlines() if line.startswith(_MARK)]
    if process.returncode != 0 or not told:
        raise UnsoundMeasurement(f"wrk failed with {process.returncode}: {text[-500:]}")
    outcome = msgspec.json.decode(told[0].removeprefix(_MARK), type=Outcome)
    return msgspec.structs.replace(outcome, wrk_cpu_s=usage.ru_utime + usage.ru_stime)
